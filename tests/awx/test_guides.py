# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides show is what is in the files, and what they quote is what the code says."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest

from awx.jobs import EXAMPLES, ROOT

GUIDES = ROOT / "docs/docsite/rst"
# Said by AWX's record of a job, not by this collection, or put together from parts.
SAID_ELSEWHERE = {
    "couldn't resolve module/action",
    "ZITADEL_TOKEN and ZITADEL_KEY_FILE are given in the environment",
    "org_id is given, but empty",
}


def _texts() -> list[str]:
    """Return all texts of the code, with … for what is filled in."""
    texts = []
    for path in ROOT.glob("plugins/*/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                texts.append(
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return texts


@pytest.mark.parametrize("name", [path.name for path in sorted(EXAMPLES.glob("*.yml"))])
def test_the_guide_shows_the_file(name: str) -> None:
    content = (EXAMPLES / name).read_text().partition("---\n")[2]
    assert textwrap.indent(content, "    ") in (GUIDES / "guide_awx.rst").read_text()


@pytest.mark.parametrize("guide", ["guide_authentication.rst", "guide_awx.rst"])
def test_the_messages_are_those_of_the_code(guide: str) -> None:
    troubleshooting = (GUIDES / guide).read_text().partition("\nTroubleshooting\n")[2]
    messages = re.findall(r"^   \* - ``(.*)``$", troubleshooting, re.MULTILINE)
    assert len(messages) > 3
    texts = _texts()
    assert [one for one in messages if one not in SAID_ELSEWHERE and not any(one in text for text in texts)] == []
