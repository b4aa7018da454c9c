# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where releases of the server answer differently: the only place that knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 1024 * 1024


@dataclass(frozen=True)
class Release:
    """What one release does its own way."""

    name: str
    # v4 answers API v2 by another framework: Connect calls are there, and REST calls have no Cache-Control header.
    has_connect: bool = True
    # Metadata of organizations in the API v2. (That of users, and the beta version of both, came with v4.0.0.)
    has_organization_metadata_v2: bool = True
    # v4.11.0 to v4.13.1 wrap errors without a ZITADEL id: HTTP 500, code 2, "rpc error: code = X desc = ...".
    wraps_plain_errors: bool = False
    # Since v4.13.0 a bulk set writes no event for a key of an organization that has the value already,
    bulk_skips_equal_values: bool = True
    # and in the API v2 an empty value removes its key.
    empty_value_removes: bool = True
    # A single set of a user's key is compared with the last value that it had, also when it was removed since.
    user_set_overlooks_removal: bool = False
    finds_users_by_metadata: bool = True
    # The total of a search for users tells of those whom the service account may not see.
    counts_invisible_users: bool = False
    # Largest answer message in bytes (the request message of v1 has the older limit everywhere).
    answer_limit: int = 4 * MIB
    # Largest message of a Connect call in bytes of JSON.
    connect_limit: int | None = None
    # What the token endpoint answers when a JWT assertion is not accepted.
    refused_assertion: tuple[int, str, str] = (500, "server_error", "Errors.Internal")
    # Checking a client secret, and giving a token for it, are events of the user.
    secrets_make_events: bool = False
    name_taken: str = "Organisation's name or id already taken"
    no_instance: str = "Errors.Instance.NotFound"
    # protojson decides per build whether it puts blanks after commas and which blank its errors start with,
    # so that nobody relies on either.
    json_comma: str = ","
    proto_blank: str = " "
    supports_backchannel_logout: bool = True
    locales: str = "ar bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv tr uk zh"


_V4_13 = Release(name="4.13.1", wraps_plain_errors=True, json_comma=", ", proto_blank="\u00a0")
_V4_7 = Release(
    name="4.7.0",
    bulk_skips_equal_values=False,
    empty_value_removes=False,
    counts_invisible_users=True,
    no_instance="Errors.IAM.NotFound",
    json_comma=", ",
    proto_blank="\u00a0",
)
_V4_3 = replace(_V4_7, name="4.3.0", has_organization_metadata_v2=False)
_V3_4 = replace(
    _V4_3,
    name="3.4.9",
    has_connect=False,
    user_set_overlooks_removal=True,
    finds_users_by_metadata=False,
    name_taken="Organisation's name already taken",
    secrets_make_events=True,
    json_comma=",",
    proto_blank=" ",
    supports_backchannel_logout=False,
    locales="bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv zh",
)
# The branches of July 2026.
_NEXT = Release(
    name="next",
    answer_limit=10 * MIB,
    connect_limit=10 * MIB,
    refused_assertion=(400, "invalid_grant", "invalid assertion"),
)

RELEASES = {release.name: release for release in (_V3_4, _V4_3, _V4_7, _V4_13, _NEXT)}


def nearest(version: str) -> str:
    """The newest release that is not newer than this version ("4.12.3" -> "4.7.0"), or the oldest one."""
    known = sorted((name for name in RELEASES if name[0].isdigit()), key=_numbers)
    return max((name for name in known if _numbers(name) <= _numbers(version)), key=_numbers, default=known[0])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
