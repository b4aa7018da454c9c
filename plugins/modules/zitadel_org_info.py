#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_org_info
short_description: List ZITADEL organizations
version_added: 0.1.0
description:
  - Lists the organizations of a ZITADEL instance that the caller may read.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes.read_only
options:
  org_id:
    description:
      - List the organization with this id only. The environment variable E(ZITADEL_ORG_ID) is not read.
    type: str
  name:
    description:
      - List the organization with exactly this name only.
    type: str
  domain:
    description:
      - List the organization with this verified domain only.
    type: str
  state:
    description:
      - List organizations in this state only.
    type: str
    choices: [active, inactive]
seealso:
  - module: community.zitadel.zitadel_org_metadata_info
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From nothing to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The ways to log in, and which role a caller needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
"""

EXAMPLES = r"""
- name: List all organizations that the caller may read
  community.zitadel.zitadel_org_info:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ item.name }} has the id {{ item.id }}"
  loop: "{{ found.organizations }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
organizations:
  description: The organizations, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the organization.
      type: str
      returned: success
      sample: "400983679897177126"
    name:
      description: Name of the organization.
      type: str
      returned: success
      sample: acme
    primary_domain:
      description: Its primary domain, null if the server did not tell.
      type: str
      returned: success
      sample: acme.id.example.com
    state:
      description: V(active) or V(inactive).
      type: str
      returned: success
      sample: active
    details:
      description: When it was written. What the server did not tell is null.
      type: dict
      returned: success
      contains:
        sequence:
          description: Number of the event, counted for the whole organization.
          type: int
          returned: success
        creation_date:
          description: When the organization was created.
          type: str
          returned: success
        change_date:
          description: When it was last changed.
          type: str
          returned: success
        resource_owner:
          description: Id of the organization.
          type: str
          returned: success
msg:
  description: What happened, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot search organizations at https://id.example.com. The access token was refused (HTTP 401): …"
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
"""

from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._options import CONNECTION_SPEC
from ansible_collections.community.zitadel.plugins.module_utils._tasks import organization_info


def main() -> None:
    """Run the module."""
    module = ZitadelModule(
        argument_spec={
            **CONNECTION_SPEC,
            "org_id": {"type": "str"},
            "name": {"type": "str"},
            "domain": {"type": "str"},
            "state": {"type": "str", "choices": ["active", "inactive"]},
        },
        supports_check_mode=True,
    )
    module.run(lambda connection: organization_info(connection, module.params))


if __name__ == "__main__":
    main()
