# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zitadel_org_metadata
short_description: Read metadata of a ZITADEL organization
version_added: 0.1.0
description:
  - Returns the values of metadata keys of a ZITADEL organization. Without any key, it returns one dictionary with
    everything.
  - All keys of one lookup cost one request.
  - The connection comes from the arguments, else from Ansible variables such as C(zitadel_url), else from environment
    variables of the controller. The C(environment) keyword of a task or play does not reach lookups, and neither does
    C(module_defaults).
  - If the arguments name an authentication method, Ansible variables and environment variables for other methods do not
    count. If Ansible variables name one, the environment variables do not count. In the same way, an organization in the
    arguments takes precedence over one in Ansible variables.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._connection.plugins
  - community.zitadel._organization
  - community.zitadel._organization.plugins
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
  - module: community.zitadel.zitadel_org_metadata_info
"""

EXAMPLES = r"""
- name: Show one value
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', 'tier', org_name='acme') }}"

- name: Read several keys in one request. query returns a list with a value for each key
  ansible.builtin.debug:
    msg: "acme has the tier {{ found[0] }} and {{ found[1] }} seats"
  vars:
    found: "{{ query('community.zitadel.zitadel_org_metadata', 'tier', 'seats', default='no', org_name='acme') }}"

- name: Show a value with a default, with the connection from variables
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', 'seats', default='10') }}"
  vars:
    zitadel_url: https://id.example.com
    zitadel_token: "{{ vaulted_zitadel_token }}"
    zitadel_org_name: acme

- name: Use a value that is JSON
  ansible.builtin.debug:
    msg: "Single sign-on is {{ features.sso | ternary('on', 'off') }}"
  vars:
    features: "{{ lookup('community.zitadel.zitadel_org_metadata', 'features', decode='json', org_name='acme') }}"

- name: Read everything in base64, whatever it is
  ansible.builtin.debug:
    msg: "{{ lookup('community.zitadel.zitadel_org_metadata', decode='b64', org_name='acme') }}"
"""

RETURN = r"""
_raw:
  description:
    - One value for each key or, without any key, one dictionary of all keys and values.
  type: list
  elements: raw
"""

from ansible_collections.community.zitadel.plugins.module_utils._owners import find_organization_owner
from ansible_collections.community.zitadel.plugins.module_utils._spec import ORGANIZATION_SPEC
from ansible_collections.community.zitadel.plugins.plugin_utils._lookup import MetadataLookup


class LookupModule(MetadataLookup):
    """Reads metadata of an organization."""

    owner_spec = ORGANIZATION_SPEC
    find = staticmethod(find_organization_owner)
