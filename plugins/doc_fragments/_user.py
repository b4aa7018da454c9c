# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  user_id:
    description:
      - Id of the user, human or machine.
      - Exactly one of O(user_id), O(login_name) and O(email) is required. Null or an empty string is an error for each of
        them. The module finds the organization of the user. It does not read the environment variable E(ZITADEL_ORG_ID).
    type: str
  login_name:
    description:
      - Login name of the user. It must match exactly.
    type: str
  email:
    description:
      - Email address of the user. It must match exactly. It is an error if more than one user has it.
    type: str
"""

    PLUGINS = r"""
options:
  user_id:
    vars:
      - name: zitadel_user_id
  login_name:
    vars:
      - name: zitadel_login_name
  email:
    vars:
      - name: zitadel_email
"""
