#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_user_info
short_description: List ZITADEL users
version_added: 0.1.0
description:
  - Lists the users of a ZITADEL instance that the service account may read, human and machine, all of them or those that
    have certain metadata.
  - The result leaves out a user that is removed while the module reads it.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._attributes.read_only
  - community.zitadel._attributes.action_group
options:
  user_id:
    description:
      - List only the user with this id.
      - Null or an empty string is an error for this option and for the other filters.
    type: str
  login_name:
    description:
      - List only the user with this login name. It must match exactly.
    type: str
  email:
    description:
      - List only users with this email address. It must match exactly.
    type: str
  org_id:
    description:
      - List only users of the organization with this id. The environment variable E(ZITADEL_ORG_ID) is not read.
    type: str
  state:
    description:
      - List only users in this state.
    type: str
    choices: [active, inactive, locked, initial]
  metadata:
    description:
      - Also return the metadata of each user. This takes one request for each user, with O(connections) of them at the
        same time.
    type: bool
    default: false
  has_metadata:
    description:
      - List only users that have all of these keys with these values. Values are as for
        O(community.zitadel.zitadel_user_metadata#module:value), and compare as bytes.
      - ZITADEL v4.2.0 and later can search users by metadata. The module lets the server search for one of the keys, and
        reads the others of each user that it finds, with O(connections) requests at the same time. With older releases it
        reads the keys of each user.
      - An empty dictionary, null, and null values are errors.
    type: dict
  has_keys:
    description:
      - List only users that have all of these keys, whatever their values.
      - An empty list and null are errors.
    type: list
    elements: str
seealso:
  - module: community.zitadel.zitadel_user_metadata
  - module: community.zitadel.zitadel_user_metadata_info
"""

EXAMPLES = r"""
- name: List the users of one cost center
  community.zitadel.zitadel_user_info:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    has_metadata:
      cost_center: 1200
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ item.login_name }} is {{ item.state }}"
  loop: "{{ found.users }}"
  loop_control:
    label: "{{ item.login_name }}"
"""

RETURN = r"""
users:
  description: The users, sorted by login name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the user.
      type: str
      returned: success
      sample: "400983679897177127"
    login_name:
      description: Preferred login name.
      type: str
      returned: success
      sample: jane@acme.example.com
    login_names:
      description: All login names.
      type: list
      elements: str
      returned: success
    email:
      description: Email address. Null for machine users.
      type: str
      returned: success
      sample: jane@example.com
    type:
      description: V(human) or V(machine).
      type: str
      returned: success
      sample: human
    state:
      description: V(active), V(inactive), V(locked) or V(initial).
      type: str
      returned: success
      sample: active
    org_id:
      description: Id of the organization of the user.
      type: str
      returned: success
      sample: "400983679897177126"
    details:
      description: When the user was created and changed. A field is null where the server does not return it.
      type: dict
      returned: success
      contains:
        sequence:
          description: Number of the last event of the user.
          type: int
          returned: success
        creation_date:
          description: When the user was created.
          type: str
          returned: success
        change_date:
          description: When it was last changed.
          type: str
          returned: success
        resource_owner:
          description: Id of the organization of the user.
          type: str
          returned: success
    metadata:
      description: Its metadata whose values are UTF-8 text, as the module M(community.zitadel.zitadel_user_metadata) takes it.
      type: dict
      returned: with O(metadata=true)
      sample: {cost_center: "1200"}
    metadata_b64:
      description: Its other metadata, with the values in base64.
      type: dict
      returned: with O(metadata=true)
      sample: {}
msg:
  description: What happened, with what, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot search users at https://id.example.com. The access token was refused …"
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

from ansible_collections.community.zitadel.plugins.module_utils._listing import user_info
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    USER_FILTER_SPEC,
    WITH_METADATA_SPEC,
)


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **USER_FILTER_SPEC, **WITH_METADATA_SPEC})
    module.run(lambda connection, params, mode: user_info(connection, params, mode.warn))


if __name__ == "__main__":
    main()
