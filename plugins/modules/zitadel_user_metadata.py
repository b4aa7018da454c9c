#!/usr/bin/python
# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zitadel_user_metadata
short_description: Set and remove metadata of a ZITADEL user
version_added: 0.1.0
description:
  - Sets and removes metadata of a ZITADEL user, human or machine, one key or many keys in one task.
  - The module is idempotent. It reads first, compares bytes, and writes only what differs.
  - It sets several keys in one request, and removes several keys in another one.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._user
  - community.zitadel._attributes
  - community.zitadel._attributes.action_group
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
      - Remove all keys that are not in O(metadata) and O(metadata_b64). Keys that begin with C(urn:zitadel:scim:) belong
        to the SCIM interface of ZITADEL and are never removed.
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
  - The service account needs the permission C(user.write) in the organization of the user.
seealso:
  - module: community.zitadel.zitadel_user_metadata_info
  - module: community.zitadel.zitadel_user_info
  - module: community.zitadel.zitadel_org_metadata
"""

EXAMPLES = r"""
- name: Set metadata of a user
  community.zitadel.zitadel_user_metadata:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    login_name: jane@acme.example.com
    metadata:
      employee_number: "00417"
      cost_center: 1200
      roles:
        - auditor
    absent_keys:
      - trial_until

- name: Own all keys of the user that begin with hr/
  community.zitadel.zitadel_user_metadata:
    url: https://id.example.com
    token: "{{ zitadel_token }}"
    email: jane@example.com
    metadata:
      hr/grade: senior
    purge: true
    purge_prefix: hr/
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
  sample:
    sequence: 12
    creation_date: "2026-01-02T03:04:05.678901Z"
    change_date: "2026-01-02T03:04:05.678901Z"
    resource_owner: "400983679897177126"
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
      description: The user, as its id and, where the task gives one, its login name or email address.
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
  sample: "Cannot set the key 'tier' in user 400983679897177127 at https://id.example.com. The service account lacks …"
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

from ansible_collections.community.zitadel.plugins.module_utils._desired import SCIM_PREFIX
from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._owners import find_user_owner
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    METADATA_SPEC,
    ONE_KEY_SPEC,
    USER_SPEC,
)
from ansible_collections.community.zitadel.plugins.module_utils._tasks import set_metadata


def main() -> None:
    """Run the module."""
    module = ZitadelModule({**CONNECTION_SPEC, **USER_SPEC, **METADATA_SPEC, **ONE_KEY_SPEC})
    module.run(lambda connection, params, mode: set_metadata(connection, params, find_user_owner, mode, SCIM_PREFIX))


if __name__ == "__main__":
    main()
