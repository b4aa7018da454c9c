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
  - Sets metadata of a ZITADEL organization, one key or many in one task, and removes it.
  - It reads first, compares bytes, and writes only what differs.
  - One key is set by C(POST /management/v1/metadata/{key}), several keys and keys that cannot travel in a path by
    C(POST /management/v1/metadata/_bulk).
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - community.zitadel._organization
  - community.zitadel._attributes
options:
  state:
    description:
      - Whether the keys in O(key), O(metadata) and O(metadata_b64) shall have their values or not exist.
      - With V(absent) the values are ignored.
    type: str
    choices: [present, absent]
    default: present
  key:
    description:
      - One key, 1 to 200 characters, any but NUL. Exclusive with O(metadata) and O(metadata_b64).
    type: str
  value:
    description:
      - Value of O(key). Text is stored as UTF-8, a dictionary or list as JSON with sorted keys and no blanks, booleans
        and numbers as JSON (V(true), V(3)). An empty value is an error, ZITADEL cannot store it.
      - YAML turns unquoted V(1), V(true) or V(012) into numbers and booleans before the module sees them. Quote them to
        store the text as written.
      - On ansible-core 2.18 a template that yields JSON text arrives as a dictionary or list. Append C(| string) to
        store the text as it is.
    type: raw
  value_b64:
    description:
      - Value of O(key) as bytes, in base64.
    type: str
  metadata:
    description:
      - Many keys at once, with values as for O(value).
      - Quote keys such as V(1), V(true) or V(012), which YAML turns into numbers and booleans otherwise.
    type: dict
  metadata_b64:
    description:
      - Many keys at once, with values as for O(value_b64). May stand beside O(metadata), with other keys.
    type: dict
  absent_keys:
    description:
      - Keys that must not exist, whatever O(state) is. Alone or beside the other options.
    type: list
    elements: str
  purge:
    description:
      - Remove all keys that are not in O(metadata) and O(metadata_b64). Needs at least one key there.
    type: bool
    default: false
  purge_prefix:
    description:
      - Let O(purge) remove only keys that start with this text.
    type: str
  keep:
    description:
      - Shell patterns of keys that O(purge) never removes, for example V(billing_*). Upper and lower case differ.
    type: list
    elements: str
    default: []
  max_removals:
    description:
      - Fail before anything is written if O(purge) would remove more keys than this.
    type: int
  verify:
    description:
      - After a write, read it back. What is not there after about a second is written once more, in a way that readers
        cannot miss. If they still see something else, the task fails and names the keys.
      - What somebody else wrote after this task is left alone, with a warning.
    type: bool
    default: true
  sensitive:
    description:
      - Never show the values, neither in the diff nor in the log or the result. The diff shows their lengths.
    type: bool
    default: false
seealso:
  - module: community.zitadel.zitadel_org_metadata_bulk
  - module: community.zitadel.zitadel_org_metadata_info
  - module: community.zitadel.zitadel_org_info
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From nothing to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The ways to log in, and which role a caller needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
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
      "012": a key and a value that YAML would take for numbers
    metadata_b64:
      logo: "{{ 'not really an image' | b64encode }}"

- name: Remove keys
  community.zitadel.zitadel_org_metadata:
    org_name: acme
    absent_keys:
      - trial_until
      - trial_contact

- name: Own all keys that start with tenant/, but never remove the notes
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
    - With O(key), what a read of the key reports after the task, in check mode what it reports now.
    - Otherwise what the last answer of a write reported.
    - Fields that the server told nothing of are null.
  returned: success
  type: dict
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
  sample:
    sequence: 12
    creation_date: "2026-01-02T03:04:05.678901Z"
    change_date: "2026-01-02T03:04:05.678901Z"
    resource_owner: "400983679897177126"
org_id:
  description: Id of the organization that answered, null if it was not told.
  returned: always
  type: str
  sample: "400983679897177126"
added:
  description: Keys that did not exist, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [tier]
updated:
  description: Keys that had another value, sorted.
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
  description: Keys that already were as asked for, sorted.
  returned: success, and failure after a write
  type: list
  elements: str
  sample: [features]
msg:
  description: What happened, and what to do about it.
  returned: failure
  type: str
  sample: "Cannot set the key 'tier' in organization 400983679897177126 at https://id.example.com. The caller lacks …"
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
  sample:
    status: 403
    code: 7
    id: AUTH-5mWD2
    message: No matching permissions found (AUTH-5mWD2)
"""

from ansible_collections.community.zitadel.plugins.module_utils._module import ZitadelModule
from ansible_collections.community.zitadel.plugins.module_utils._options import (
    CONNECTION_SPEC,
    METADATA_SPEC,
    ORGANIZATION_SPEC,
)
from ansible_collections.community.zitadel.plugins.module_utils._tasks import set_organization_metadata


def main() -> None:
    """Run the module."""
    module = ZitadelModule(
        argument_spec={
            **CONNECTION_SPEC,
            **ORGANIZATION_SPEC,
            **METADATA_SPEC,
            "key": {"type": "str", "no_log": False},
            "value": {"type": "raw"},
            "value_b64": {"type": "str"},
        },
        supports_check_mode=True,
    )
    module.run(
        lambda connection: set_organization_metadata(
            connection, module.params, check_mode=module.check_mode, diff=module._diff, warn=module.warn
        )
    )


if __name__ == "__main__":
    main()
