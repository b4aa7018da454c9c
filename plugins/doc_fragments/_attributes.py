# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would change without changing it.
    support: full
    details:
      - If something differs, the module also asks ZITADEL whether the service account may change it, and fails as the
        real run would.
  diff_mode:
    description: Returns what it changed, or in C(check_mode) would change, in diff mode.
    support: full
    details:
      - A diff of metadata has a header that names the organization or user.
      - Ansible prints diffs as JSON, with escapes for newlines and for letters beyond ASCII. Set the environment
        variable E(ANSIBLE_CALLBACK_RESULT_FORMAT) to V(yaml) to print them as text.
"""

    READ_ONLY = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode). It never changes anything.
    support: full
  diff_mode:
    description: It never changes anything, so there is nothing to show.
    support: N/A
"""

    ACTION_GROUP = r"""
attributes:
  action_group:
    description: Use C(group/community.zitadel.all) in C(module_defaults) to set the connection for all modules.
    support: full
    membership:
      - community.zitadel.all
"""

    ACTION_GROUP_ORGANIZATION = r"""
attributes:
  action_group:
    description:
      - Use C(group/community.zitadel.all) in C(module_defaults) to set the connection for all modules.
      - Use C(group/community.zitadel.organization) to set the organization for the modules that work on one.
    support: full
    membership:
      - community.zitadel.all
      - community.zitadel.organization
"""
