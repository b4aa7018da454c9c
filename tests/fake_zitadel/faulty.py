# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How tests say what shall go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from . import faults
from .exchange import Answer, Request
from .faults import AFTER, BEFORE, Faults, Match

JSON_TYPE = "application/json"


class Faulty:
    """Part of ``FakeZitadel``.

    All take ``method``, ``path`` (regular expression), ``organization``, ``times`` (None: always) and ``every`` to
    say which requests they want: see ``faults.Match``.
    """

    faults: Faults

    def respond(
        self,
        status: int,
        body: bytes | str | Mapping[str, Any] | list[Any] = b"",
        *,
        headers: Mapping[str, str] | None = None,
        after: bool = False,
        **match: Any,
    ) -> None:
        """Answer with this instead; ``after`` having done what was asked, else nothing is done.

        A dict or list is sent as JSON, other text as HTML if it starts with ``<``.
        """
        answer = Answer(status, *body_and_type(body))
        answer.headers.update(headers or {})
        self.faults.add(faults.Respond(Match(**match), answer, AFTER if after else BEFORE))

    def fail(self, status: int, code: int, message: str, *, after: bool = False, **match: Any) -> None:
        """Answer with an error of the API without details."""
        self.respond(status, {"code": code, "message": message}, after=after, **match)

    def redirect(self, location: str, status: int = 302, **match: Any) -> None:
        self.respond(status, headers={"Location": location}, **match)

    def block(
        self,
        path: str = "^/management/",
        status: int = 403,
        body: bytes | str | Mapping[str, Any] | list[Any] = "<h1>Forbidden</h1>",
    ) -> None:
        """A reverse proxy refuses everything below a path, for good."""
        self.respond(status, body, path=path, times=None)

    def drop(self, when: str = BEFORE, **match: Any) -> None:
        """Cut the connection "before" acting, "after" acting, or in the "middle" of the answer's body."""
        self.faults.add(faults.Drop(Match(**match), when))

    def delay(self, seconds: float | None = None, *, after: bool = False, **match: Any) -> None:
        """Let the client wait so long, or until it hangs up. Who hangs up before gets nothing done."""
        self.faults.add(faults.Delay(Match(**match), seconds, AFTER if after else BEFORE))

    def collide(self, **match: Any) -> None:
        """Refuse writes with the 500 of two writers that met (``every=5, times=None``: each fifth)."""
        self.faults.add(faults.Collide(Match(**{"writes": True, **match})))

    def lose_writes(self, times: int | None = 1, **match: Any) -> None:
        """Acknowledge and store writes that readers never get to see."""
        self.faults.add(faults.Lose(Match(**{"writes": True, "times": times, **match})))

    def lag(self, reads: int = 1, **match: Any) -> None:
        """Let so many reads after a write still see what was there before it."""
        self.faults.add(faults.Lag(Match(**{"writes": True, **match}), reads))

    def before(self, function: Callable[[Request], object], **match: Any) -> None:
        """Call back just before a request is handled."""
        self.faults.add(faults.Call(Match(**match), function))

    def after(self, function: Callable[[Request], object], **match: Any) -> None:
        """Call back when a request was handled and is not answered yet."""
        self.faults.add(faults.Call(Match(**match), function, AFTER))

    def clear_faults(self) -> None:
        self.faults.clear()


def body_and_type(body: bytes | str | Mapping[str, Any] | list[Any]) -> tuple[bytes, dict[str, str]]:
    if not body and not isinstance(body, (Mapping, list)):
        return b"", {}
    if isinstance(body, (bytes, str)):
        content = body.encode() if isinstance(body, str) else body
        return content, {"Content-Type": "text/html" if content.startswith(b"<") else "text/plain"}
    return json.dumps(body).encode(), {"Content-Type": JSON_TYPE}
