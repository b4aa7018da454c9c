# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has been found out about an instance, for as long as a connection to it lives. Pure."""

from __future__ import annotations

import threading


class Instance:
    """Shared by all threads of a connection. Who decides something for all of them holds ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.organizations: set[str] = set()
        """Organizations that were asked for by x-zitadel-orgid and that have answered"""
        self.header_arrives: bool | None = None
        """Whether x-zitadel-orgid is known to reach ZITADEL; None before the question was asked"""
        self.prefers_v2 = False
        """Whether api_version auto has found that v1 does not work here and v2 does"""
        self.lacks_user_v2 = False
        """Whether API v2 has been found to know nothing of the metadata of users"""
        self.removes_by_empty_value: bool | None = None
        """Whether one call of API v2 can set and remove; None before it was tried"""
        self.page_size = 1000
        """Entries in a page of API v2 that the instance allows, as far as is known"""

    def answered(self, org_id: str) -> None:
        """Remember that an organization has answered under the id that was asked for."""
        if len(self.organizations) < 2:
            self.organizations.add(org_id)

    def proves(self, org_id: str | None) -> bool:
        """Whether what answers for an organization is known to be that organization."""
        return org_id in self.organizations or self.two_answered

    @property
    def two_answered(self) -> bool:
        """Whether two organizations have answered: with the header dropped, all answers come from one."""
        return len(self.organizations) > 1
