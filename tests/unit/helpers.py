# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the code share."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest
from ansible import module_utils
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.community.zitadel.plugins.module_utils._auth import AccessToken
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._desired import SCIM_PREFIX
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError
from ansible_collections.community.zitadel.plugins.module_utils._metadata import Details, Entry
from ansible_collections.community.zitadel.plugins.module_utils._owners import (
    find_organization_owner,
    find_user_owner,
)
from ansible_collections.community.zitadel.plugins.module_utils._spec import (
    CONNECTION_SPEC,
    METADATA_SPEC,
    ORGANIZATION_SPEC,
    USER_SPEC,
)
from ansible_collections.community.zitadel.plugins.module_utils._tasks import Mode, set_metadata
from ansible_collections.community.zitadel.plugins.module_utils._transport import ConnectionOptions
from ansible_collections.community.zitadel.plugins.modules import zitadel_org_metadata

from fake_zitadel import Entry as ServerEntry
from fake_zitadel import FakeZitadel

CONNECTION_DEFAULTS: dict[str, Any] = {name: spec.get("default") for name, spec in CONNECTION_SPEC.items()}
ORGANIZATION_DEFAULTS: dict[str, Any] = dict.fromkeys(ORGANIZATION_SPEC)
METADATA_DEFAULTS: dict[str, Any] = {
    **ORGANIZATION_DEFAULTS,
    **{name: spec.get("default") for name, spec in METADATA_SPEC.items()},
    **dict.fromkeys(("key", "value", "value_b64")),
}
BIG = "b" * 400_000


class Waits(list[float]):
    """The seconds that the code wanted to wait, in order. ``then`` is called at each of them."""

    then: Callable[[], object] | None = None

    def wait(self, seconds: float) -> None:
        self.append(seconds)
        if self.then:
            self.then()


def connection_to(fake: FakeZitadel, **options: Any) -> Connection:
    options.setdefault("login", AccessToken(fake.token))
    return Connection(ConnectionOptions(**{"url": fake.url, **options}))


def call(
    connection: Connection, method: str = "GET", path: str = "/management/v1/orgs/me", **more: Any
) -> dict[str, Any]:
    return connection.call(method, path, doing="try it", **more)


def refused_call(connection: Connection, *arguments: str, **more: Any) -> ZitadelError:
    with pytest.raises(ZitadelError) as caught:
        call(connection, *arguments, **more)
    return caught.value


_numbers = itertools.count(1)


class Site:
    """An organization, a new one if none is given, or a user of it, and the tasks that write its metadata."""

    def __init__(
        self,
        fake: FakeZitadel,
        metadata: Mapping[str, bytes | str] | None = None,
        *,
        org_id: str | None = None,
        kind: Literal["organization", "user"] = "organization",
        **connection: Any,
    ) -> None:
        self.fake = fake
        name = f"acme {next(_numbers)}"
        self.org_id = org_id or fake.create_organization(name, metadata=metadata if kind == "organization" else None)
        self.kind = kind
        self.id = self.org_id
        if kind == "user":
            self.id = fake.create_human(f"jane@{name}", self.org_id, metadata=metadata).user_id
        self.connection = connection_to(fake, **connection)
        self.warnings: list[str] = []

    @property
    def place(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def ids(self) -> dict[str, str]:
        """The ids that a result has."""
        return {"org_id": self.org_id, **({"user_id": self.id} if self.kind == "user" else {})}

    def run(self, *, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        """Do a task and return its result."""
        mode = Mode(check_mode, diff, self.warnings.append)
        if self.kind == "user":
            params = {**METADATA_DEFAULTS, **dict.fromkeys(USER_SPEC), "user_id": self.id, **options}
            return set_metadata(self.connection, params, find_user_owner, mode, SCIM_PREFIX)
        params = {**METADATA_DEFAULTS, "org_id": self.org_id, **options}
        return set_metadata(self.connection, params, find_organization_owner, mode)

    def fail(self, **options: Any) -> ZitadelError:
        """Do a task that fails, and return its error."""
        with pytest.raises(ZitadelError) as caught:
            self.run(**options)
        return caught.value

    # What the server has, and another writer.

    @property
    def metadata(self) -> dict[str, bytes]:
        return {key: entry.value for key, entry in self.entries.items()}

    @property
    def entries(self) -> dict[str, ServerEntry]:
        return self.fake.user_entries(self.id) if self.kind == "user" else self.fake.entries(self.id)

    @property
    def stored(self) -> dict[str, bytes]:
        return self.fake.user_stored(self.id) if self.kind == "user" else self.fake.stored(self.id)

    def set(self, key: str, value: bytes | str) -> None:
        (self.fake.set_user if self.kind == "user" else self.fake.set)(self.id, key, value)

    def set_many(self, metadata: Mapping[str, bytes | str]) -> None:
        (self.fake.set_user_many if self.kind == "user" else self.fake.set_many)(self.id, metadata)

    def remove(self, *keys: str) -> None:
        (self.fake.remove_user if self.kind == "user" else self.fake.remove)(self.id, *keys)

    @property
    def calls(self) -> list[str]:
        """What was asked of the server, such as "POST _bulk"."""
        return calls(self.fake)


def calls(fake: FakeZitadel) -> list[str]:
    prefixes = ("/management/v1/metadata/", "/management/v1/")
    requests = []
    for request in fake.requests:
        path = request.path
        for prefix in prefixes:
            path = path.removeprefix(prefix)
        requests.append(f"{request.method} {path}")
    return requests


def lists(result: Mapping[str, Any]) -> dict[str, list[str]]:
    """The keys that a task reports as written, without empty lists."""
    return {name: result[name] for name in ("added", "updated", "removed", "unchanged") if result.get(name)}


def entry(key: str, value: bytes | str = b"v", sequence: int | None = 1) -> Entry:
    data = value.encode() if isinstance(value, str) else value
    return Entry(key, data, Details(sequence, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "1"))


NO_ERROR = {"status": None, "code": None, "id": None, "message": None}
# ansible-core 2.21 returns it only where it is wanted, earlier ones always.
INVOCATION = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}


class Runner:
    """Runs modules as ansible-core would, but in this process."""

    def __init__(self, fake: FakeZitadel, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.fake = fake
        self.output = ""
        self.log: list[str] = []
        self._capsys = capsys
        self._patch = patch
        patch.setattr(basic, "has_journal", False)
        patch.setattr(basic.syslog, "syslog", lambda _priority, message: self.log.append(message))

    def run(self, main: Callable[[], None] = zitadel_org_metadata.main, /, **arguments: Any) -> dict[str, Any]:
        arguments = {"url": self.fake.url, "token": self.fake.token, **INVOCATION, **arguments}
        self._patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        self._patch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        # A process of its own would begin without.
        warnings._global_warnings.clear()
        # Tests of action plugins have made a controller of this process, where warnings take another way.
        self._patch.setattr(getattr(module_utils, "_internal", self), "is_controller", False, raising=False)
        with pytest.raises(SystemExit):
            main()
        self.output = self._capsys.readouterr().out
        return dict(json.loads(self.output))

    def assert_hidden(self, *secrets: str) -> None:
        for secret in (self.fake.token, *secrets):
            assert secret not in self.output
            assert not any(secret in line for line in self.log)


def arguments_of(result: dict[str, Any]) -> dict[str, Any]:
    return dict(result["invocation"]["module_args"])
