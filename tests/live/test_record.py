# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recording: a fake of the same release gives the same answers, and what is recorded can be replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_zitadel import FakeZitadel
from fake_zitadel_tests.fake_replay import FakeReplay
from fake_zitadel_tests.replay import Replay
from live import record as module
from live.instance import Instance
from live.record import RECORDINGS, load, main, nearest_recordings, record, redacted


@pytest.mark.parametrize("series", ["", "-2"])
def test_a_recording_of_the_fake_is_the_same(series: str) -> None:
    exchanges = load(RECORDINGS / f"zitadel-v4.13.1{series}.jsonl")
    with FakeZitadel("4.13.1") as fake:
        replay = FakeReplay(fake, exchanges)
        recording = record(replay, exchanges)
    assert recording.differences == []
    assert [line for line in recording.left_out if not line.startswith("admin orgs search")] == []
    assert replay.key
    for secret in (*replay.tokens.values(), replay.secret[1], replay.key["key"]):
        assert secret in ("", "invalid") or secret not in recording.lines
    with FakeZitadel("4.13.1") as fake:
        replay = FakeReplay(fake, recording.exchanges)
        assert [one["name"] for one in recording.exchanges if replay.run(one)] == []


def test_differences_from_another_release_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known"
    known.mkdir()
    lines = (RECORDINGS / "zitadel-v4.13.1-2.jsonl").read_text().splitlines(keepends=True)[:60]
    (known / "zitadel-v4.13.1-2.jsonl").write_text("".join(lines))
    for name, value in (("ROOT", tmp_path), ("RECORDINGS", known), ("NEW", tmp_path / "new")):
        monkeypatch.setattr(module, name, value)
    with FakeZitadel("4.7.0") as server:
        monkeypatch.setenv("ZITADEL_TEST_URL", server.url.replace("127.0.0.1", "localhost"))
        monkeypatch.setenv("ZITADEL_TEST_TOKEN", server.token)
        monkeypatch.delenv("ZITADEL_TEST_KEY_FILE", raising=False)
        main(["v4.17.0"])
        assert [one.name for one in server.organizations.values() if one.exists] == ["ZITADEL"]
        assert len(server.organizations) > 2
        # Names of its own: two recordings of one server do not meet.
        assert not [one.name for one in server.organizations.values() if "063baf" in one.name]
    output = capsys.readouterr().out
    assert "Differences from known/zitadel-v4.13.1-2.jsonl:" in output
    assert "v2 set new, equal, removed, absent: status 400 instead of 200" in output
    assert "probe unknown connect method" not in output
    (new,) = (tmp_path / "new").iterdir()
    assert new.name == "zitadel-v4.17.0-2.jsonl"
    assert [one["name"] for one in load(new)] == [one["name"] for one in load(known / "zitadel-v4.13.1-2.jsonl")]


def test_a_secret_is_redacted_wherever_it_is() -> None:
    replay = Replay(Instance("http://localhost:8080", "the-token", {"key": "the-key"}), [])
    replay.tokens["viewa"] = "another-token"
    replay.secret = ("viewa", "the-secret")
    body = {
        "message": "the-token, another-token, the-key, the-secret, invalid",
        "token": "unknown",
        "list": ["the-key"],
    }
    assert redacted(replay, body) == {
        "message": "<redacted>, <redacted>, <redacted>, <redacted>, invalid",
        "token": "<redacted>",
        "list": ["<redacted>"],
    }


@pytest.mark.parametrize(
    ("release", "nearest"),
    [
        ("v4.17.0", ["zitadel-v4.13.1.jsonl", "zitadel-v4.13.1-2.jsonl"]),
        ("v4.7.0", ["zitadel-v3.4.9.jsonl", "zitadel-v4.7.0-2.jsonl"]),
        ("v2.0.0", ["zitadel-v3.4.9.jsonl", "zitadel-v3.4.9-2.jsonl"]),
    ],
)
def test_the_nearest_recordings_are_followed(release: str, nearest: list[str]) -> None:
    names = ["v3.4.9", "v3.4.9-2", "v4.7.0-2", "v4.13.1", "v4.13.1-2"]
    found = nearest_recordings(release, [Path(f"zitadel-{name}.jsonl") for name in names])
    assert [file.name for file in found.values()] == nearest
