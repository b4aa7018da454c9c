#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_org_metadata_info
short_description: Read metadata of a ZITADEL organization
version_added: 0.1.0
description:
  - Reads the metadata of a ZITADEL organization, all of it or selected keys, in one request.
  - What it returns as RV(metadata) and RV(metadata_b64) can be given straight to
    M(community.zitadel.zitadel_org_metadata).
  - A missing key is an empty result. A missing organization or permission is a failure.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._organization
  - community.zitadel._attributes.read_only
options:
  key:
    description:
      - Read this key only. O(key), O(key_prefix) and O(key_contains) exclude each other; none of them reads everything.
    type: str
  key_prefix:
    description:
      - Read the keys that start with this text.
    type: str
  key_contains:
    description:
      - Read the keys that contain this text.
    type: str
seealso:
  - module: community.zitadel.zitadel_org_metadata
  - plugin: community.zitadel.zitadel_org_metadata
    plugin_type: lookup
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From nothing to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The ways to log in, and which role a caller needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
"""

EXAMPLES = r"""
- name: Read everything
  community.zitadel.zitadel_org_metadata_info:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    org_name: acme
  register: acme

- name: Use a value
  ansible.builtin.debug:
    msg: "acme has the tier {{ acme.metadata.tier | default('none') }}"

- name: Copy it all to another organization, binary values included
  community.zitadel.zitadel_org_metadata:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    org_name: acme-staging
    metadata: "{{ acme.metadata }}"
    metadata_b64: "{{ acme.metadata_b64 }}"

- name: Read the keys that start with tenant/, with the connection from the environment
  community.zitadel.zitadel_org_metadata_info:
    org_name: acme
    key_prefix: tenant/
"""

RETURN = r"""
metadata:
  description: Values that are UTF-8 text, by key.
  returned: success
  type: dict
  sample:
    tier: gold
metadata_b64:
  description: All other values, as base64, by key.
  returned: success
  type: dict
  sample:
    logo: iVBORw0KGgo=
entries:
  description: All entries, sorted by key.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The key.
      type: str
      returned: success
    value:
      description: The value as text, null if it is not UTF-8.
      type: str
      returned: success
    value_b64:
      description: The value as base64.
      type: str
      returned: success
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
          description: When the key was first set since it was last removed.
          type: str
          returned: success
        change_date:
          description: When the key was last set.
          type: str
          returned: success
        resource_owner:
          description: Id of the organization.
          type: str
          returned: success
org_id:
  description: Id of the organization that answered, null if it was not told.
  returned: always
  type: str
  sample: "400983679897177126"
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
from ansible_collections.community.zitadel.plugins.module_utils._options import CONNECTION_SPEC, ORGANIZATION_SPEC
from ansible_collections.community.zitadel.plugins.module_utils._tasks import organization_metadata_info


def main() -> None:
    """Run the module."""
    module = ZitadelModule(
        argument_spec={
            **CONNECTION_SPEC,
            **ORGANIZATION_SPEC,
            "key": {"type": "str", "no_log": False},
            "key_prefix": {"type": "str", "no_log": False},
            "key_contains": {"type": "str", "no_log": False},
        },
        supports_check_mode=True,
    )
    module.run(lambda connection: organization_metadata_info(connection, module.params, warn=module.warn))


if __name__ == "__main__":
    main()
