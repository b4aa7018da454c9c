#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_org_metadata_bulk
short_description: Set metadata of many ZITADEL organizations
version_added: 0.1.0
description:
  - Does for many organizations what M(community.zitadel.zitadel_org_metadata) does for one.
  - It checks every entry and reads every organization before it writes the first. If an entry makes no sense, or an
    organization does not exist or may not be read, nothing is written.
  - The role P(community.zitadel.org_metadata#role) is this module with a variable for each option.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes
options:
  organizations:
    description:
      - The organizations, each once, and what their metadata shall be. The options are those of
        M(community.zitadel.zitadel_org_metadata).
    type: list
    elements: dict
    required: true
    suboptions:
      org_id:
        description:
          - Id of the organization. Without it, O(organizations[].org_name) and O(organizations[].org_domain),
            it is that of E(ZITADEL_ORG_ID) or the caller's own organization.
        type: str
      org_name:
        description:
          - Name of the organization, looked up instead of its id.
        type: str
      org_domain:
        description:
          - A verified domain of the organization, looked up instead of its id.
        type: str
      state:
        description:
          - Whether the keys shall have their values or not exist.
        type: str
        choices: [present, absent]
        default: present
      metadata:
        description:
          - Keys with their values.
        type: dict
      metadata_b64:
        description:
          - Keys with their values in base64.
        type: dict
      absent_keys:
        description:
          - Keys that must not exist.
        type: list
        elements: str
      purge:
        description:
          - Remove all keys that are not given.
        type: bool
        default: false
      purge_prefix:
        description:
          - Let O(organizations[].purge) remove only keys that start with this text.
        type: str
      keep:
        description:
          - Shell patterns of keys that O(organizations[].purge) never removes.
        type: list
        elements: str
        default: []
      max_removals:
        description:
          - Fail before anything is written if O(organizations[].purge) would remove more keys.
        type: int
      verify:
        description:
          - Read back after a write.
        type: bool
        default: true
      sensitive:
        description:
          - Never show the values.
        type: bool
        default: false
seealso:
  - module: community.zitadel.zitadel_org_metadata
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From nothing to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The ways to log in, and which role a caller needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
"""

EXAMPLES = r"""
- name: Set the metadata of two organizations
  community.zitadel.zitadel_org_metadata_bulk:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    organizations:
      - org_name: acme
        metadata:
          tier: gold
      - org_name: acme-staging
        metadata:
          tier: silver
        absent_keys:
          - trial_until
"""

RETURN = r"""
organizations:
  description:
    - What was done to each organization, with the return values of M(community.zitadel.zitadel_org_metadata).
    - After a failure those that were written, and the one that failed.
  returned: always
  type: list
  elements: dict
  contains:
    entry:
      description: Number and name of the entry.
      type: str
      returned: always
      sample: Entry 1, acme
    changed:
      description: Whether anything was, or in check mode would be, written.
      type: bool
      returned: always
    org_id:
      description: Id of the organization that answered, null if it was not told.
      type: str
      returned: always
    details:
      description: What the last answer of a write reported.
      type: dict
      returned: success
    added:
      description: Keys that did not exist, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    updated:
      description: Keys that had another value, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    removed:
      description: Keys that were removed, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    unchanged:
      description: Keys that already were as asked for, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
msg:
  description: What happened, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot set the key 'tier' in organization 400983679897177126 at https://id.example.com. The caller lacks …"
error:
  description: The answer of the server. Fields that it did not give are null.
  returned: failure
  type: dict
  contains:
    status:
      description: HTTP status.
      type: int
      returned: failure
    code:
      description: gRPC code.
      type: int
      returned: failure
    id:
      description: Id of the error.
      type: str
      returned: failure
    message:
      description: Message of the server.
      type: str
      returned: failure
  sample:
    status: 403
    code: 7
    id: AUTH-5mWD2
    message: No matching permissions found (AUTH-5mWD2)
"""

from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._options import (
    CONNECTION_SPEC,
    METADATA_SPEC,
    ORGANIZATION_SPEC,
)
from ansible_collections.community.zitadel.plugins.module_utils._tasks import set_many_organizations


def main() -> None:
    """Run the module."""
    organization = {option: {**spec, "aliases": []} for option, spec in ORGANIZATION_SPEC.items()}
    module = ZitadelModule(
        argument_spec={
            **CONNECTION_SPEC,
            "organizations": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {**organization, **METADATA_SPEC},
            },
        },
        supports_check_mode=True,
    )
    module.run(
        lambda connection: set_many_organizations(
            connection, module.params, check_mode=module.check_mode, diff=module._diff, warn=module.warn
        )
    )


if __name__ == "__main__":
    main()
