# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task arguments as a module gets them: plain JSON, vaulted text decrypted, templates done."""

from __future__ import annotations

import json
import typing as t

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:  # ansible-core 2.18
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    PROFILE: str | None = None
    """Core's name for the way that arguments and results are written as JSON, None before it had one."""
    _WRITER: dict[str, t.Any] = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
else:
    PROFILE = "legacy"
    _WRITER = {"cls": get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)}


def encode(arguments: t.Mapping[str, t.Any]) -> bytes:
    """Return the JSON that core would send to a module."""
    return json.dumps(arguments, **_WRITER).encode()
