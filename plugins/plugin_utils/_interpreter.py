# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a setting of ``ansible_python_interpreter`` means the Python that runs Ansible."""

from __future__ import annotations

import os
import shutil
import sys

# With these, core would search for an interpreter: the user did not ask for another one than that which runs Ansible.
_AUTOMATIC = ("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent")


def is_own_interpreter(interpreter: str, folder: str) -> bool:
    """Tell whether an interpreter is the Python, and of the environment, that run Ansible, whatever its name.

    A name without a slash is searched for in PATH, and a relative path begins at the folder, as the shell would do it
    that core starts modules with.
    """
    if interpreter in _AUTOMATIC:
        return True
    path = os.path.expanduser(interpreter)
    if os.path.dirname(path):
        path = os.path.join(folder, path)
    found = shutil.which(path)
    return found is not None and _identity(found) == _identity(sys.executable)


def _identity(path: str) -> tuple[str, str]:
    """Return what tells an interpreter from others. The folder counts: environments share one program by links to it."""
    return os.path.realpath(os.path.dirname(path)), os.path.realpath(path)
