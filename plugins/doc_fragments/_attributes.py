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
  diff_mode:
    description: Returns what it changed, or in C(check_mode) would change, in diff mode.
    support: full
  action_group:
    description: Use C(group/community.zitadel.all) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - community.zitadel.all
"""

    READ_ONLY = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode). It never changes anything.
    support: full
  diff_mode:
    description: It never changes anything, so that there is nothing to show.
    support: N/A
  action_group:
    description: Use C(group/community.zitadel.all) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - community.zitadel.all
"""
