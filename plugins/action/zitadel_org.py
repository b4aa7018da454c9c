# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

from ansible_collections.community.zitadel.plugins.modules.zitadel_org import main
from ansible_collections.community.zitadel.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """Runs the module zitadel_org."""

    main = staticmethod(main)
