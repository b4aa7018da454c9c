# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task arguments as a module gets them: plain JSON, vaulted text decrypted, templates done."""

from __future__ import annotations

import datetime
import json
import typing as t

PROFILE: str | None = "legacy"
"""Core's name for the way that arguments and results are written as JSON, None where it has no such name."""
_encoder: type[json.JSONEncoder] | None = None

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder

    _encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
except Exception:  # noqa: BLE001
    # Not there yet in ansible-core 2.18, and private to core: a later one may have moved it.
    PROFILE = None


def encode(arguments: t.Mapping[str, t.Any]) -> bytes:
    """Return the JSON that core would send to a module. Raises TypeError for what JSON cannot hold."""
    if _encoder is None:
        return json.dumps(_plain(arguments)).encode()
    return json.dumps(arguments, cls=_encoder).encode()


def _plain(value: t.Any) -> t.Any:
    """Return a value made of types that JSON has. Core's own lists and dictionaries may do templates as they are read."""
    if isinstance(value, t.Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    # Vaulted text is an object of core, and decrypted when it becomes a string.
    is_vaulted = not isinstance(value, (str, int, float)) and type(value).__module__.startswith("ansible.")
    return str(value) if is_vaulted else value
