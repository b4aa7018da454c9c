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
  - Before it writes the first organization, it checks every entry, reads every organization, and asks ZITADEL whether the
    service account may write those that differ. If an entry has a mistake, or an organization does not exist or may not
    be read or written, it writes nothing. The message lists every such entry by its number and name.
  - If a write fails, the module finishes the writes in progress and begins no others. The result says what was written.
  - The role P(community.zitadel.org_metadata#role) runs this module, with a variable for each option.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes
  - community.zitadel._attributes.action_group
options:
  organizations:
    description:
      - The organizations, each of them once, and their desired metadata. The options have the meaning that they have in
        M(community.zitadel.zitadel_org_metadata).
      - Each entry names its organization by one of O(organizations[].org_id), O(organizations[].org_name) and
        O(organizations[].org_domain). An entry without a name, or with one that is null or empty, is an error. The
        environment variable E(ZITADEL_ORG_ID) is not read.
    type: list
    elements: dict
    required: true
    suboptions:
      org_id:
        description:
          - Id of the organization.
        type: str
      org_name:
        description:
          - Name of the organization, looked up instead of its id. It must match exactly.
        type: str
      org_domain:
        description:
          - A verified domain of the organization, looked up instead of its id.
        type: str
      state:
        description:
          - V(present) gives the keys their values. V(absent) removes them.
        type: str
        choices: [present, absent]
        default: present
      metadata:
        description:
          - Keys with their values. Keys must be strings.
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
          - Remove all keys that are not in O(organizations[].metadata) and O(organizations[].metadata_b64).
        type: bool
        default: false
      purge_prefix:
        description:
          - Let O(organizations[].purge) remove only keys that begin with this string.
        type: str
      keep:
        description:
          - Shell patterns of keys that O(organizations[].purge) never removes.
        type: list
        elements: str
        default: []
      max_removals:
        description:
          - Fail before anything is written if O(organizations[].purge) wants to remove more keys.
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
      create:
        description:
          - Create the organization O(organizations[].org_name) if it does not exist. The module first checks all entries,
            then creates the organizations, then writes metadata.
          - The service account needs the permission C(org.create) of the instance.
        type: bool
        default: false
seealso:
  - module: community.zitadel.zitadel_org_metadata
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

- name: Create an organization with its metadata, unless it is there
  community.zitadel.zitadel_org_metadata_bulk:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    organizations:
      - org_name: acme-production
        create: true
        metadata:
          tier: gold
"""

RETURN = r"""
organizations:
  description:
    - What was done to each organization, in the order of the entries, with the return values of
      M(community.zitadel.zitadel_org_metadata).
    - After a failure, those that were written and those that failed.
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
      description: Whether anything was written or, in check mode, would be written.
      type: bool
      returned: always
    created:
      description: Whether the organization was, or in check mode would be, created.
      type: bool
      returned: always
    org_id:
      description: Id of the organization that answered. Null where no answer contained it.
      type: str
      returned: always
    api_version:
      description: The API that carried the metadata, V(v1) or V(v2). Null in check mode if the real run would create the organization.
      type: str
      returned: success
    details:
      description: As RV(community.zitadel.zitadel_org_metadata#module:details) for a task with several keys.
      type: dict
      returned: success
    added:
      description: Keys that did not exist before, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    updated:
      description: Keys that had another value before, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    removed:
      description: Keys that were removed, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
    unchanged:
      description: Keys that were in the desired state already, sorted.
      type: list
      elements: str
      returned: success, and failure after a write
diff:
  description:
    - One diff for each organization, as RV(community.zitadel.zitadel_org_metadata#module:diff). After a failure, those of
      the organizations that were written.
  returned: in diff mode
  type: list
  elements: dict
msg:
  description: What happened, with what, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot set the key 'tier' in organization 400983679897177126 at https://id.example.com. The service account lacks …"
error:
  description: The answer of the server. A field is null where the answer does not have it.
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

from ansible_collections.community.zitadel.plugins.module_utils._bulk import set_many_organizations
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC, ENTRIES_SPEC


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **ENTRIES_SPEC})
    module.run(lambda connection, _params, mode: set_many_organizations(connection, module.entries(), mode))


if __name__ == "__main__":
    main()
