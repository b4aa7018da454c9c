# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  org_id:
    description:
      - Id of the organization. It may not be empty.
      - Without O(org_id), O(org_name) and O(org_domain), and without the environment variable E(ZITADEL_ORG_ID), it is
        the caller's own organization.
      - Or the environment variable E(ZITADEL_ORG_ID), which may not be empty either.
    type: str
    aliases: [organization_id]
  org_name:
    description:
      - Name of the organization, looked up instead of its id. It must match exactly.
      - Wins over the environment variable E(ZITADEL_ORG_ID).
    type: str
  org_domain:
    description:
      - A verified domain of the organization, looked up instead of its id.
      - Wins over the environment variable E(ZITADEL_ORG_ID).
    type: str
"""

    PLUGINS = r"""
options:
  org_id:
    vars:
      - name: zitadel_org_id
  org_name:
    vars:
      - name: zitadel_org_name
  org_domain:
    vars:
      - name: zitadel_org_domain
"""
