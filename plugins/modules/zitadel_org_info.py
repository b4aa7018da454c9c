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
  - Lists the organizations of a ZITADEL instance that the service account may read, all of them or those that have
    certain metadata.
  - The result leaves out an organization that is removed while the module reads it.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes.read_only
  - community.zitadel._attributes.action_group
options:
  org_id:
    description:
      - List only the organization with this id. The environment variable E(ZITADEL_ORG_ID) is not read.
      - Null or an empty string is an error for this option and for the other filters.
    type: str
  name:
    description:
      - List only the organization with this name. It must match exactly.
    type: str
  name_prefix:
    description:
      - List only organizations whose names begin with this string.
    type: str
  domain:
    description:
      - List only the organization with this verified domain.
    type: str
  state:
    description:
      - List only organizations in this state.
    type: str
    choices: [active, inactive]
  metadata:
    description:
      - Also return the metadata of each organization. This takes one request for each organization, with O(connections)
        of them at the same time.
    type: bool
    default: false
  has_metadata:
    description:
      - List only organizations that have all of these keys with these values. Values are as for
        O(community.zitadel.zitadel_org_metadata#module:value), and compare as bytes.
      - ZITADEL cannot search organizations by metadata. The module reads these keys of each organization, with
        O(connections) requests at the same time.
      - An empty dictionary, null, and null values are errors.
    type: dict
  has_keys:
    description:
      - List only organizations that have all of these keys, whatever their values.
      - An empty list and null are errors.
    type: list
    elements: str
seealso:
  - module: community.zitadel.zitadel_org_metadata_info
"""

EXAMPLES = r"""
- name: List all organizations that the service account may read
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

- name: List the organizations on the gold plan, with their metadata
  community.zitadel.zitadel_org_info:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    has_metadata:
      tier: gold
    metadata: true
  register: gold
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
    metadata:
      description: Its metadata whose values are UTF-8 text, as the module M(community.zitadel.zitadel_org_metadata) takes it.
      type: dict
      returned: with O(metadata=true)
      sample: {tier: gold}
    metadata_b64:
      description: Its other metadata, with the values in base64.
      type: dict
      returned: with O(metadata=true)
      sample: {logo: iVBORw0KGgo=}
msg:
  description: What happened, with what, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot search organizations at https://id.example.com. The access token was refused …"
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

from ansible_collections.community.zitadel.plugins.module_utils._listing import organization_info
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    ORGANIZATION_FILTER_SPEC,
    WITH_METADATA_SPEC,
)


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **ORGANIZATION_FILTER_SPEC, **WITH_METADATA_SPEC})
    module.run(lambda connection, params, mode: organization_info(connection, params, mode.warn))


if __name__ == "__main__":
    main()
