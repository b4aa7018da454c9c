# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook that the documentation shows runs, and with --check it writes nothing.

What is found: the EXAMPLES of all modules, lookups and other plugins, the files of ``examples/`` and ``playbooks/``,
and the YAML blocks of ``README.md``, ``docs/`` and the roles' README that hold plays or tasks (tasks get a play).

They run as they stand, but for these replacements, the first three made in ``_localized``:

* ``https://id.example.com`` is the fake's address,
* the path that a ``*_file`` option names is that of a file that exists,
* where a template uses ``zitadel_url``, ``zitadel_token`` or ``zitadel_org_id``, it finds another name (by these
  names, the lookup would take them for its options),
* hosts other than localhost are in the inventory, with a local connection; plays that use the variables of an
  organization run over the inventory of organizations that the document, or the folder, shows before them.

Variables that documentation leaves to its reader are in ``VARIABLES``; those that begin with ``vault`` get what they
end with: a token, a key, a client id or secret, or else some text. ``acme`` and ``acme-staging`` exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration.harness import ROOT, Ansible, Run
from integration.server import Zitadel

MINIMUM = 3
PLUGIN = "community.zitadel.zitadel_orgs"
TOKEN = "token-of-the-reader"
VARIABLES = {"webhook_secret": "a-secret-of-the-reader"}
METADATA = {"tier": "silver", "trial_until": "2026-12-31", "features": '{"sso":true}'}

_FENCED = re.compile(r"^(?P<blanks> *)```ya?ml *\n(?P<code>.*?)^ *```", re.MULTILINE | re.DOTALL)
_CODE_BLOCK = re.compile(
    r"^(?P<blanks> *)\.\. code-block:: *(?:yaml|yaml\+jinja|ansible) *\n(?: +:.*\n)*\n"
    r"(?P<code>(?:(?P=blanks) +.*\n| *\n)+)",
    re.MULTILINE,
)
_FILE_OPTION = re.compile(r"(?P<option>\b(?P<kind>token|key)_file:) *(?P<path>[\w./~-]+)(?= *$)", re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """Reads what Ansible reads, as far as it takes to tell plays from tasks."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


@dataclass(frozen=True)
class Playbook:
    name: str
    text: str
    inventory: str | None = None
    """The file of an inventory plugin that it is for"""

    def after(self, inventory: str | None) -> Playbook:
        """Return the same over an inventory that was shown before, if it is a play over organizations."""
        is_over = re.search(r"\bzitadel_org(\.|_id\b)", self.text) and set(_patterns(yaml.load(self.text, _Loader)))
        return replace(self, inventory=inventory) if is_over else self


def _patterns(content: Any) -> Iterator[str]:
    """Yield the host patterns of plays that are not for localhost."""
    for item in content or ():
        if str(item.get("hosts", "localhost")) != "localhost":
            yield str(item["hosts"])


def _inventories(text: str) -> list[str]:
    """Return the files of our inventory plugin that a text is, or consists of."""
    return [
        document
        for document in re.split(r"^---\n", text, flags=re.MULTILINE)
        if re.search(rf"^plugin: {re.escape(PLUGIN)}$", document, re.MULTILINE)
    ]


def _plays(name: str, text: str) -> Iterator[Playbook]:
    """Yield a playbook if the text is one, or has tasks for one."""
    try:
        content = yaml.load(text, _Loader)
    except yaml.YAMLError:
        return
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        return
    if all(
        "hosts" in item or "import_playbook" in item or "ansible.builtin.import_playbook" in item for item in content
    ):
        yield Playbook(name, text)
    elif "community.zitadel" in text and any("." in key or key == "block" for item in content for key in item):
        indented = "".join(f"    {line}" for line in text.strip().splitlines(keepends=True))
        yield Playbook(name, f"- hosts: localhost\n  gather_facts: false\n  tasks:\n{indented}\n")


def _examples(path: Path) -> str:
    """Return the EXAMPLES of a plugin, without importing it."""
    found = re.search(r'^EXAMPLES = r?"""\n(.*?)"""', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def _dedented(match: re.Match[str]) -> str:
    lines = match.group("code").rstrip().splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines) + "\n"


def _found() -> list[Playbook]:
    playbooks: list[Playbook] = []
    for path in sorted(ROOT.glob("plugins/*/*.py")):
        playbooks += _plays(f"{path.parent.name}/{path.name}", _examples(path))
    for path in sorted([*ROOT.glob("examples/**/*.yml"), *ROOT.glob("playbooks/**/*.yml")]):
        beside = path.parent / "zitadel_orgs.yml"
        (inventory,) = _inventories(beside.read_text(encoding="utf-8"))
        for playbook in _plays(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")):
            playbooks.append(playbook.after(inventory))
    documents = [
        *ROOT.glob("README.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("docs/**/*.rst"),
        *ROOT.glob("roles/*/README.md"),
    ]
    for path in sorted(documents):
        text = path.read_text(encoding="utf-8")
        shown: list[str] = []
        for match in _blocks(text):
            line = text.count("\n", 0, match.start()) + 1
            block = _dedented(match)
            shown += _inventories(block)
            for playbook in _plays(f"{path.relative_to(ROOT)}, line {line}", block):
                playbooks.append(playbook.after(shown[-1] if shown else None))
    return playbooks


def _blocks(text: str) -> list[re.Match[str]]:
    return sorted([*_FENCED.finditer(text), *_CODE_BLOCK.finditer(text)], key=re.Match.start)


def _found_inventories() -> list[str]:
    """Return the files of our inventory plugin that the examples and documents show."""
    files = [*ROOT.glob("examples/**/*.yml"), *ROOT.glob("docs/**/*.rst"), *ROOT.glob("README.md")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(files)]
    blocks = [_dedented(match) for text in texts for match in _blocks(text)]
    examples = _examples(ROOT / "plugins/inventory/zitadel_orgs.py")
    return [one for text in (*texts, *blocks, examples) for one in _inventories(text)]


PLAYBOOKS = _found()
INVENTORIES = _found_inventories()


def _localized(text: str, fake: Zitadel, files: dict[str, str], *, org_id: bool = True) -> str:
    text = text.replace("https://id.example.com", fake.url)
    text = re.sub(r"\{\{ *zitadel_(?=url|token%s)" % ("|org_id" if org_id else ""), "{{ readers_", text)
    return _FILE_OPTION.sub(lambda match: f"{match['option']} {files[match['kind']]}", text)


def _hosts(content: Any) -> Iterator[str]:
    for item in content or ():
        for name in str(item.get("hosts", "localhost")).replace(",", ":").split(":"):
            if re.fullmatch(r"[A-Za-z0-9_.-]+", name) and name not in ("all", "localhost"):
                yield name


def _variables(fake: Zitadel, acme: str, text: str) -> dict[str, str]:
    """Return what the reader of all these texts would have to define. The client has the least role that is advised."""
    client_id, client_secret = fake.create_secret(fake.create_user("ORG_SETTINGS_MANAGER", acme))
    key = json.dumps(fake.create_key(fake.admin))
    by_end = {"token": fake.token, "client_id": client_id, "client_secret": client_secret, "key": key, "key_json": key}
    vaulted = {
        name: next((value for end, value in by_end.items() if name.endswith(f"_{end}")), "text of the reader")
        for name in re.findall(r"\bvault(?:ed)?_\w+", text)
    }
    readers = {"readers_url": fake.url, "readers_token": fake.token, "readers_org_id": acme}
    return {**vaulted, **VARIABLES, **readers}


@dataclass(frozen=True)
class Documented:
    runs: dict[str, Run]
    refused_writes: list[str]


@pytest.fixture(scope="module", params=["for real", "--check"])
def documented(ansible: Ansible, request: pytest.FixtureRequest) -> Iterator[Documented]:
    """All of them in one run of ansible-playbook, each with the name of its place."""
    check = request.param == "--check"
    with Zitadel(read_only=check, token=TOKEN) as fake:
        acme = fake.create_organization("acme", domain="acme.example.com", metadata=METADATA)
        fake.create_organization("acme-staging")
        employee = {"employee_number": "00417", "cost_center": "1200"}
        fake.create_human("jane@acme.example.com", acme, email="jane@example.com", metadata=employee)
        folder = ansible.folder / ("check" if check else "real")
        folder.mkdir()
        files = {"token": str(folder / "token"), "key": str(folder / "key.json")}
        Path(files["token"]).write_text(f"{fake.token}\n")
        Path(files["key"]).write_text(json.dumps(fake.create_key(fake.admin)))
        paths: list[Path] = []
        hosts: set[str] = set()
        for number, playbook in enumerate(PLAYBOOKS):
            text = _localized(playbook.text, fake, files, org_id=playbook.inventory is None)
            paths.append(folder / f"{number:02}.yml")
            paths[-1].write_text(text, encoding="utf-8")
            hosts.update(_hosts(yaml.load(text, _Loader)) if playbook.inventory is None else ())
        variables = _variables(fake, acme, "".join(one.text for one in PLAYBOOKS))
        args = ["-e", json.dumps(variables), *(["--check"] if check else [])]
        env = {"ZITADEL_URL": fake.url, "ZITADEL_TOKEN": fake.token, "ZITADEL_ORG_ID": acme}
        runs: dict[str, Run] = {}
        # Those that are not over organizations change them.
        for inventory in sorted({one.inventory for one in PLAYBOOKS if one.inventory}):
            source = folder / f"{len(runs)}.zitadel_orgs.yml"
            source.write_text(_localized(inventory, fake, files), encoding="utf-8")
            over = [path for path, one in zip(paths, PLAYBOOKS, strict=True) if one.inventory == inventory]
            runs.update(_run_all(ansible, fake, over, env, ["-i", str(source), *args]))
        static = ansible.local_hosts({host: {} for host in ["localhost", *sorted(hosts)]})
        rest = [path for path, one in zip(paths, PLAYBOOKS, strict=True) if one.inventory is None]
        runs.update(_run_all(ansible, fake, rest, env, [*static, *args]))
        yield Documented(runs, [f"{request.method} {request.path}" for request in fake.refused_writes])


def _run_all(
    ansible: Ansible, fake: Zitadel, paths: list[Path], env: dict[str, str], args: list[str]
) -> dict[str, Run]:
    """Run playbooks in as few runs as possible, and return the run of each by the name of its file."""
    runs: dict[str, Run] = {}
    while len(runs) < len(paths):
        # ansible-playbook ends with the first that fails: go on behind it.
        rest = paths[len(runs) :]
        run = ansible.playbook(rest[-1], fakes=[fake], env=env, args=[*args, *map(str, rest[:-1])])
        reached = max((path for path in rest if run.of(path.name)), default=rest[0])
        runs.update((path.name, run) for path in rest if path <= reached or run.rc == 0)
    return runs


def test_inventories_are_read(ansible: Ansible) -> None:
    """All of them as sources of one inventory."""
    with Zitadel() as fake:
        fake.create_organization("acme", metadata=METADATA)
        args: list[str] = []
        for number, text in enumerate(INVENTORIES):
            path = ansible.folder / f"{number}.zitadel_orgs.yml"
            path.write_text(_localized(text, fake, {}), encoding="utf-8")
            args += ["-i", str(path)]
        token = {"ZITADEL_TOKEN": fake.token, "MY_ZITADEL_TOKEN": fake.token}
        env = {"ZITADEL_URL": fake.url, **token, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
        listed = ansible.inventory(*args, "--graph", "-e", "readers_token=" + fake.token, env=env)
        assert listed.rc == 0, listed.stderr
        assert "tier_silver" in listed.stdout


@pytest.mark.parametrize(
    ("number", "playbook"),
    [
        pytest.param(number, one, id=one.name, marks=[pytest.mark.since("4.7.0")] * ("api_version: v2" in one.text))
        for number, one in enumerate(PLAYBOOKS)
    ],
)
def test_it_runs(documented: Documented, number: int, playbook: Playbook) -> None:
    name = f"{number:02}.yml"
    run = documented.runs[name]
    results = run.of(name)
    assert [(result.task, result.data) for result in results if result.failed] == []
    assert [result for result in results if result.event == "ok"], run.output


@pytest.mark.since("4.7.0")
def test_nothing_fails_and_check_mode_writes_nothing(documented: Documented) -> None:
    assert {name: run.rc for name, run in documented.runs.items() if run.rc} == {}
    assert documented.refused_writes == []


def test_none_is_overlooked() -> None:
    names = [playbook.name for playbook in PLAYBOOKS]
    assert len(names) >= MINIMUM
    for module in ROOT.glob("plugins/modules/*.py"):
        assert f"modules/{module.name}" in names
    # Once there are examples and documents, there are playbooks in them.
    for place in ("examples/*.yml", "README.md", "roles/*/README.md"):
        for path in (path for path in ROOT.glob(place) if path.name != "zitadel_orgs.yml"):
            assert any(name.startswith(str(path.relative_to(ROOT))) for name in names), path


def test_blocks_of_documents_are_found() -> None:
    text = "Text\n\n```yaml\n- hosts: localhost\n  tasks: []\n```\n\n- item\n\n  ```yaml\n  - hosts: all\n  ```\n"
    assert [_dedented(match) for match in _FENCED.finditer(text)] == [
        "- hosts: localhost\n  tasks: []\n",
        "- hosts: all\n",
    ]
    text = "Text\n\n.. code-block:: yaml\n   :caption: x\n\n   - hosts: a\n\n     tasks: []\n\nMore\n"
    assert [_dedented(match) for match in _CODE_BLOCK.finditer(text)] == ["- hosts: a\n\n  tasks: []\n"]
    assert [one.text for one in _plays("x", "- hosts: a\n")] == ["- hosts: a\n"]
    assert list(_plays("x", "collections:\n  - community.zitadel\n")) == []
    (tasks,) = _plays("x", "- name: a\n  community.zitadel.zitadel_org_info:\n")
    assert yaml.load(tasks.text, _Loader)[0]["hosts"] == "localhost"
