# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zitadel_user_metadata
short_description: Read metadata of a ZITADEL user
version_added: 0.1.0
description:
  - Returns the values of metadata keys of a ZITADEL user, human or machine. Without any key, it returns one dictionary with
    everything.
  - One request finds the user, and another one reads all keys of the lookup.
  - The connection comes from the arguments, else from Ansible variables such as C(zitadel_url), else from environment
    variables of the controller. The C(environment) keyword of a task or play does not reach lookups, and neither does
    C(module_defaults).
  - If the arguments name an authentication method, Ansible variables and environment variables for other methods do not
    count. If Ansible variables name one, the environment variables do not count. In the same way, a user in the
    arguments takes precedence over one in Ansible variables.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._connection.plugins
  - community.zitadel._user
  - community.zitadel._user.plugins
options:
  _terms:
    description:
      - Keys to read. Without any term, the lookup reads everything. An empty list of keys gives an empty list.
      - Keys are strings. Null and numbers are errors.
    type: list
    elements: str
  key_prefix:
    description:
      - Without any term, read only the keys that begin with this string.
    type: str
  default:
    description:
      - Value for keys that do not exist. It counts when it is passed, even as null.
      - Without it, a missing key is an error.
    type: raw
  decode:
    description:
      - How to return the values.
      - With V(text), a value that is not UTF-8 is an error. V(json) returns the data that the JSON in the value
        describes. V(b64) returns the bytes in base64.
    type: str
    choices: [text, json, b64]
    default: text
seealso:
  - module: community.zitadel.zitadel_user_metadata_info
"""

EXAMPLES = r"""
- name: Show one value of a user
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_user_metadata', 'cost_center', login_name='jane@acme.example.com') }}"

- name: Use everything that is known of a user
  ansible.builtin.debug:
    msg: "{{ jane.employee_number | default('not an employee') }}"
  vars:
    jane: "{{ lookup('community.zitadel.zitadel_user_metadata', email='jane@example.com') }}"
"""

RETURN = r"""
_raw:
  description:
    - One value for each key or, without any key, one dictionary of all keys and values.
  type: list
  elements: raw
"""

from ansible_collections.community.zitadel.plugins.module_utils._owners import find_user_owner
from ansible_collections.community.zitadel.plugins.module_utils._spec import USER_SPEC
from ansible_collections.community.zitadel.plugins.plugin_utils._lookup import MetadataLookup


class LookupModule(MetadataLookup):
    """Reads metadata of a user."""

    owner_spec = USER_SPEC
    find = staticmethod(find_user_owner)
