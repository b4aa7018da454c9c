#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_user_metadata_info
short_description: Read metadata of a ZITADEL user
version_added: 0.1.0
description:
  - Reads the metadata of a ZITADEL user, human or machine, all of it or selected keys. One request finds the user, and
    another one reads the metadata.
  - What it returns as RV(metadata) and RV(metadata_b64) can be given straight to
    M(community.zitadel.zitadel_user_metadata).
  - A missing key is an empty result. A missing user or permission is a failure.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._user
  - community.zitadel._attributes.read_only
  - community.zitadel._attributes.action_group
options:
  key:
    description:
      - Read only this key, or only the keys of this list.
      - O(key), O(key_prefix) and O(key_contains) are mutually exclusive. Without them, the module reads everything. Null
        or an empty string is an error for each of them.
      - Keys are strings. Put keys such as V(1) or V(true) in quotes.
    type: raw
  key_prefix:
    description:
      - Read only the keys that begin with this string.
    type: str
  key_contains:
    description:
      - Read only the keys that contain this string.
    type: str
notes:
  - The service account needs the permission C(user.read) in the organization of the user.
seealso:
  - module: community.zitadel.zitadel_user_metadata
  - module: community.zitadel.zitadel_user_info
  - plugin: community.zitadel.zitadel_user_metadata
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read everything of a user
  community.zitadel.zitadel_user_metadata_info:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    login_name: jane@acme.example.com
  register: jane

- name: Use a value
  ansible.builtin.debug:
    msg: "The cost center is {{ jane.metadata.cost_center | default('unknown') }}"
"""

RETURN = r"""
metadata:
  description: Values that are UTF-8 text, by key.
  returned: success
  type: dict
  sample:
    tier: gold
metadata_b64:
  description: All other values, in base64, by key.
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
      description: The value as text. Null if it is not UTF-8.
      type: str
      returned: success
    value_b64:
      description: The value in base64.
      type: str
      returned: success
    details:
      description: When the key was set. A field is null where the server does not return it.
      type: dict
      returned: success
      contains:
        sequence:
          description: Number of the event, counted for the user. Null with API v2, which does not return it.
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
          description: Id of the organization of the user. Null with API v2, which does not return it.
          type: str
          returned: success
user_id:
  description: Id of the user, null if it was not found.
  returned: always
  type: str
  sample: "400983679897177127"
org_id:
  description: Id of the organization of the user, null if the user was not found.
  returned: always
  type: str
  sample: "400983679897177126"
api_version:
  description: The API that carried the metadata, V(v1) or V(v2).
  returned: success
  type: str
  sample: v2
msg:
  description: What happened, with what, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot read the metadata of user 400983679897177127 at https://id.example.com. The access token was refused …"
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
from ansible_collections.community.zitadel.plugins.module_utils._owners import find_user_owner
from ansible_collections.community.zitadel.plugins.module_utils._reading import metadata_info
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC, FILTER_SPEC, USER_SPEC


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **USER_SPEC, **FILTER_SPEC})
    module.run(lambda connection, params, mode: metadata_info(connection, params, find_user_owner, mode.warn))


if __name__ == "__main__":
    main()
