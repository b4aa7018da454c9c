#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_org
short_description: Create, rename, deactivate and remove ZITADEL organizations
version_added: 0.1.0
description:
  - Brings an organization of a ZITADEL instance into the desired state. The module is idempotent.
  - It never creates a second organization with the same name. If an organization that the service account cannot see has
    the name, the task fails.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes
  - community.zitadel._attributes.action_group
options:
  name:
    description:
      - Name of the organization, 1 to 200 characters. Upper and lower case differ. Whitespace at either end is removed.
      - With O(org_id), the module renames the organization to this name if it has another one.
      - Null or an empty string is an error.
    type: str
  org_id:
    description:
      - Id of an organization that exists. The environment variable E(ZITADEL_ORG_ID) is not read.
      - Null or an empty string is an error.
    type: str
  state:
    description:
      - V(present) makes sure that an organization of the name exists, and leaves its state alone.
      - V(active) and V(inactive) make sure that it exists and is in this state.
      - V(absent) removes the organization with everything in it. It needs both O(org_id) and O(name), which must belong
        together. If the organization is already gone, nothing changes. The module never removes the service account's own
        organization or the default organization of the instance.
    type: str
    choices: [present, active, inactive, absent]
    default: present
notes:
  - To create organizations, the service account needs the permission C(org.create) of the instance. To rename, deactivate
    or reactivate one, it needs C(org.write) in that organization, and to remove it C(org.delete).
  - Renames, changes of the state and removals send the header C(x-zitadel-orgid). The module first proves that it
    arrives.
seealso:
  - module: community.zitadel.zitadel_org_info
  - module: community.zitadel.zitadel_org_metadata_bulk
"""

EXAMPLES = r"""
- name: Create an organization unless it is there
  community.zitadel.zitadel_org:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    name: acme-production
  register: production

- name: Deactivate it
  community.zitadel.zitadel_org:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    name: acme-production
    state: inactive

- name: Remove it with everything in it
  community.zitadel.zitadel_org:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    org_id: "{{ production.org_id }}"
    name: acme-production
    state: absent
  when: production.org_id is not none
"""

RETURN = r"""
org_id:
  description: Id of the organization. Null in check mode if the real run would create it.
  returned: success
  type: str
  sample: "400983679897177126"
organization:
  description: The organization as M(community.zitadel.zitadel_org_info) lists it. Null if it is absent.
  returned: success
  type: dict
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
      description: Its primary domain. Null if the server does not return one.
      type: str
      returned: success
      sample: acme.id.example.com
    state:
      description: V(active) or V(inactive).
      type: str
      returned: success
      sample: active
    details:
      description: When the organization was written. A field is null where the server does not return it.
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
diff:
  description: C(name) and C(state) of the organization before and after the task. Empty where it is absent.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: Before the task.
      type: dict
      returned: in diff mode
    after:
      description: After the task.
      type: dict
      returned: in diff mode
msg:
  description: What happened, with what, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot create organization 'acme' at https://id.example.com. The access token was refused …"
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
    status: 401
    code: 16
    id: AUTH-7fs1e
    message: Errors.Token.Invalid (AUTH-7fs1e)
"""

from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._organization_task import set_organization
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC, ORGANIZATION_STATE_SPEC


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **ORGANIZATION_STATE_SPEC})
    module.run(set_organization)


if __name__ == "__main__":
    main()
