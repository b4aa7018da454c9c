# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  org_id:
    description:
      - Id of the organization.
      - O(org_id), O(org_name) and O(org_domain) are mutually exclusive. Null or an empty string is an error for each of
        them. Use V(default(omit\)) to leave one out.
      - If none of them is given, the organization is that of the environment variable E(ZITADEL_ORG_ID). If that is not
        set either, it is the service account's own organization.
      - An empty E(ZITADEL_ORG_ID) is an error, unless the task names the organization.
    type: str
    aliases: [organization_id]
  org_name:
    description:
      - Name of the organization, looked up instead of its id. It must match exactly.
      - It takes precedence over the environment variable E(ZITADEL_ORG_ID).
    type: str
  org_domain:
    description:
      - A verified domain of the organization, looked up instead of its id.
      - It takes precedence over the environment variable E(ZITADEL_ORG_ID).
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
