#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_org_metadata
short_description: Set and remove metadata of a ZITADEL organization
version_added: 0.1.0
description:
  - Sets and removes metadata of a ZITADEL organization, one key or many keys in one task.
  - The module is idempotent. It reads first, compares bytes, and writes only what differs.
  - It sets several keys in one request, and removes several keys in another one.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._organization
  - community.zitadel._attributes
  - community.zitadel._attributes.action_group_organization
options:
  state:
    description:
      - V(present) gives the keys in O(key), O(metadata) and O(metadata_b64) their values. V(absent) removes these keys.
      - With V(absent) the values are ignored.
    type: str
    choices: [present, absent]
    default: present
  key:
    description:
      - One key, a string of 1 to 200 characters. All characters except NUL are allowed.
      - A number, boolean, date, list or dictionary is an error. Put keys such as V(1), V(true) or V(012) in quotes.
      - O(key) and O(metadata) or O(metadata_b64) are mutually exclusive.
    type: str
  value:
    description:
      - Value of O(key). A string is stored as UTF-8. A dictionary or a list is stored as JSON with sorted keys and
        without whitespace, booleans and numbers as JSON (V(true), V(3)).
      - Null and an empty string are errors, since ZITADEL cannot store an empty value.
      - YAML turns unquoted values such as V(1), V(true), V(012) or V(17:30) into numbers and booleans before the module
        sees them. Put them in quotes to store the text as written.
      - On ansible-core 2.18 a template that yields JSON, or a Python literal, arrives as a dictionary, list or boolean.
        Append C(| string) to store the text as it is.
      - For bytes that are not text, use O(value_b64).
    type: raw
  value_b64:
    description:
      - Value of O(key) as bytes, in base64.
    type: str
  metadata:
    description:
      - Many keys at once, with values as for O(value).
      - Keys must be strings. YAML turns keys such as V(1), V(true) or V(012) into numbers and booleans, which are an
        error. Put them in quotes.
      - A key whose value is a template that yields C(omit) is left out.
    type: dict
  metadata_b64:
    description:
      - Many keys at once, with values as for O(value_b64). It can be given together with O(metadata), for other keys.
    type: dict
  absent_keys:
    description:
      - Keys that must not exist, whatever O(state) is. They can be given alone or together with the other options.
    type: list
    elements: str
  purge:
    description:
      - Remove all keys that are not in O(metadata) and O(metadata_b64).
      - At least one key must be there or, with O(purge_prefix), at least one key that begins with the prefix, since the
        prefix may be misspelt. Otherwise the task fails before it writes anything, unless both O(purge_prefix) and
        O(max_removals) are given.
    type: bool
    default: false
  purge_prefix:
    description:
      - Let O(purge) remove only keys that begin with this string. It may not be empty or null.
    type: str
  keep:
    description:
      - Shell patterns of keys that O(purge) never removes, for example V(billing_*). Upper and lower case differ.
    type: list
    elements: str
    default: []
  max_removals:
    description:
      - Fail before anything is written if O(purge) wants to remove more keys than this. In diff mode the failed task
        shows the keys.
    type: int
  verify:
    description:
      - After a write, read the keys back. If a key does not have the new value after about a second, the module writes
        it once more, by requests that ZITADEL cannot ignore as already done. If a read still returns something else,
        the task fails and names the keys.
      - A value that somebody else wrote after this task is left alone, with a warning.
    type: bool
    default: true
  sensitive:
    description:
      - Never show the values, neither in the diff nor in the log or the result. The diff shows their lengths.
      - Ansible, not the module, prints the item of a loop. See the guide "Patterns".
    type: bool
    default: false
notes:
  - A task that names no organization, for a host that has one of the variables C(zitadel_org_id), C(zitadel_org_name)
    and C(zitadel_org_domain), is an error. The module does not read these variables, and would write to the service
    account's own organization once for each host. Give the organization, for example by
    C(org_id) with the value V({{ zitadel_org_id }}).
seealso:
  - module: community.zitadel.zitadel_org_metadata_bulk
  - module: community.zitadel.zitadel_org_metadata_info
  - module: community.zitadel.zitadel_org_info
"""

EXAMPLES = r"""
- name: Set one key
  community.zitadel.zitadel_org_metadata:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    org_id: "{{ zitadel_org_id }}"
    key: tier
    value: gold

- name: Set many keys, with the connection from the environment
  community.zitadel.zitadel_org_metadata:
    org_name: acme
    metadata:
      tier: gold
      seats: 250
      features:
        sso: true
        audit: false
      "012": a key that YAML takes for a number if it is not in quotes
    metadata_b64:
      logo: "{{ 'not really an image' | b64encode }}"

- name: Remove keys
  community.zitadel.zitadel_org_metadata:
    org_name: acme
    absent_keys:
      - trial_until
      - trial_contact

- name: Own all keys that begin with tenant/, but never remove the notes
  community.zitadel.zitadel_org_metadata:
    org_name: acme
    metadata:
      tenant/region: eu
      tenant/plan: enterprise
    purge: true
    purge_prefix: tenant/
    keep:
      - tenant/note_*
    max_removals: 5

- name: Store a secret without showing it
  community.zitadel.zitadel_org_metadata:
    org_name: acme
    key: webhook_secret
    value: "{{ webhook_secret }}"
    sensitive: true
"""

RETURN = r"""
details:
  description:
    - With O(key), what a read of the key returns after the task. In check mode, what it returns now.
    - With several keys, the same for that key of the task that was set last, by this task or before it. If none of the
      keys is left, the answer to the removal.
    - A field is null where the server does not return it.
  returned: success
  type: dict
  contains:
    sequence:
      description: Number of the event, counted for the whole organization. Null with API v2, which does not return it.
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
      description: Id of the organization. Null with API v2, which does not return it.
      type: str
      returned: success
  sample:
    sequence: 12
    creation_date: "2026-01-02T03:04:05.678901Z"
    change_date: "2026-01-02T03:04:05.678901Z"
    resource_owner: "400983679897177126"
org_id:
  description: Id of the organization that answered. Null where no answer contained it.
  returned: always
  type: str
  sample: "400983679897177126"
api_version:
  description: The API that carried the metadata, V(v1) or V(v2).
  returned: success
  type: str
  sample: v1
added:
  description: Keys that did not exist before, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [tier]
updated:
  description: Keys that had another value before, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [seats]
removed:
  description: Keys that were removed, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [trial_until]
unchanged:
  description: Keys that were in the desired state already, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [features]
diff:
  description:
    - The keys that the task changed, or in check mode would change, with their values before and after. After a failure,
      the keys that it changed before.
    - Long values are shortened, and bytes that are not UTF-8 are shown as their length and checksum.
  returned: in diff mode
  type: dict
  contains:
    before_header:
      description: The organization, as its id and, where the task gives one, its name or domain.
      type: str
      returned: in diff mode
    after_header:
      description: The same.
      type: str
      returned: in diff mode
    before:
      description: Values before the task, by key.
      type: dict
      returned: in diff mode
    after:
      description: Values after the task, by key.
      type: dict
      returned: in diff mode
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

from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._owners import find_organization_owner
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    METADATA_SPEC,
    ONE_KEY_SPEC,
    ORGANIZATION_SPEC,
)
from ansible_collections.community.zitadel.plugins.module_utils._tasks import set_metadata


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **ORGANIZATION_SPEC, **METADATA_SPEC, **ONE_KEY_SPEC})
    module.run(lambda connection, params, mode: set_metadata(connection, params, find_organization_owner, mode))


if __name__ == "__main__":
    main()
