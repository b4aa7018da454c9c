# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that outlive a task, so that the items of a loop share one: the last few of this process."""

from __future__ import annotations

import collections
import os

from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection, Notify, silent
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions

_MAX_KEPT = 4

_kept: collections.OrderedDict[tuple[int, ConnectionOptions], Connection] = collections.OrderedDict()


def connect(options: ConnectionOptions, notify: Notify = silent) -> Connection:
    """Return the connection for these options, the same for the same process while it is one of the last few used.

    notify takes a line before each wait for another try. Raises ZitadelError if a file or a proxy cannot be used.
    """
    # A fork must not inherit a socket.
    pid = os.getpid()
    if any(of != pid for of, _options in _kept):
        _kept.clear()
    connection = _kept.pop((pid, options), None) or Connection(options)
    # Equal options can differ in what does not belong to the connection.
    connection.options, connection.notify = options, notify
    _kept[pid, options] = connection
    while len(_kept) > _MAX_KEPT:
        _kept.popitem(last=False)[1].close()
    return connection
