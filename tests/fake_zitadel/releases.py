# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where releases of the server answer differently: the only place that knows."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Release:
    """What one release does its own way."""

    name: str
    # v4.11.0 to v4.13.1 wrap errors without a ZITADEL id: HTTP 500, code 2, "rpc error: code = X desc = ...".
    wraps_plain_errors: bool
    # Since v4.13.0 a bulk set writes no event for a key that has the value already.
    bulk_skips_equal_values: bool
    # Largest answer message in bytes (the request message has the same limit everywhere).
    answer_limit: int
    # What the token endpoint answers when a JWT assertion is not accepted.
    refused_assertion: tuple[int, str, str]
    name_taken: str
    no_instance: str
    # The API v2 moved to another framework in v4: no Cache-Control header.
    v2_is_connect: bool
    # On v3 these paths do not exist; on v4 they do, but this fake leaves them out.
    has_v2_metadata: bool
    # protojson decides per build whether it puts blanks after commas and which blank its errors start with,
    # so that nobody relies on either.
    json_comma: str
    proto_blank: str
    supports_backchannel_logout: bool
    locales: str


_V4_LOCALES = "ar bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv tr uk zh"
_TAKEN = "Organisation's name or id already taken"
_INTERNAL = (500, "server_error", "Errors.Internal")

RELEASES = {
    release.name: release
    for release in (
        Release(
            name="3.4.9",
            wraps_plain_errors=False,
            bulk_skips_equal_values=False,
            answer_limit=4 * MIB,
            refused_assertion=_INTERNAL,
            name_taken="Organisation's name already taken",
            no_instance="Errors.IAM.NotFound",
            v2_is_connect=False,
            has_v2_metadata=False,
            json_comma=",",
            proto_blank=" ",
            supports_backchannel_logout=False,
            locales="bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv zh",
        ),
        Release(
            name="4.7.0",
            wraps_plain_errors=False,
            bulk_skips_equal_values=False,
            answer_limit=4 * MIB,
            refused_assertion=_INTERNAL,
            name_taken=_TAKEN,
            no_instance="Errors.Instance.NotFound",
            v2_is_connect=True,
            has_v2_metadata=True,
            json_comma=",",
            proto_blank=" ",
            supports_backchannel_logout=True,
            locales=_V4_LOCALES,
        ),
        Release(
            name="4.13.1",
            wraps_plain_errors=True,
            bulk_skips_equal_values=True,
            answer_limit=4 * MIB,
            refused_assertion=_INTERNAL,
            name_taken=_TAKEN,
            no_instance="Errors.Instance.NotFound",
            v2_is_connect=True,
            has_v2_metadata=True,
            json_comma=", ",
            proto_blank="\u00a0",
            supports_backchannel_logout=True,
            locales=_V4_LOCALES,
        ),
        # The branches of July 2026. The body of a refused assertion was not recorded there, only its status.
        Release(
            name="next",
            wraps_plain_errors=False,
            bulk_skips_equal_values=True,
            answer_limit=10 * MIB,
            refused_assertion=(400, "invalid_request", "Errors.AuthRequest.AssertionInvalid"),
            name_taken=_TAKEN,
            no_instance="Errors.Instance.NotFound",
            v2_is_connect=True,
            has_v2_metadata=True,
            json_comma=",",
            proto_blank=" ",
            supports_backchannel_logout=True,
            locales=_V4_LOCALES,
        ),
    )
}
