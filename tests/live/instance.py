# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real server: where it is, who we are there, and calls of its API."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fake_zitadel import Answer

# Of one hop only, or about a body that is sent anew.
_OF_ONE_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
WARNING = "ZITADEL keeps events for ever: what the tests create there is removed at the end, but its history stays."


class Refused(Exception):
    """The server did not do what we asked for."""


@dataclass(frozen=True)
class Instance:
    """The server of ``ZITADEL_TEST_URL``, and a service account with the role IAM_OWNER."""

    url: str
    token: str = field(repr=False)
    key: dict[str, str] | None = field(default=None, repr=False)
    release: str = ""  # as somebody says
    ca_path: str = ""
    _connections: threading.local = field(default_factory=threading.local, repr=False)

    @classmethod
    def of_environment(cls) -> Instance:
        """Only ``ZITADEL_TEST_…`` count, whatever else is exported for production. Ends the program without them."""
        given = {name: os.environ.get(f"ZITADEL_TEST_{name}", "").strip() for name in ("URL", "TOKEN", "KEY_FILE")}
        missing = [f"ZITADEL_TEST_{name}" for name in ("URL", "TOKEN") if not given[name]]
        if missing:
            sys.exit(f"Set {' and '.join(missing)}: the address of a ZITADEL to test on, and a token of an IAM_OWNER.")
        if urlsplit(given["URL"]).scheme not in ("http", "https") or not urlsplit(given["URL"]).hostname:
            sys.exit(f"ZITADEL_TEST_URL is {given['URL']!r}, which is no address such as https://id.example.com")
        release = os.environ.get("ZITADEL_TEST_RELEASE", "").strip()
        ca_path = os.environ.get("ZITADEL_TEST_CA_PATH", "").strip()
        try:
            key = json.loads(Path(given["KEY_FILE"]).read_text()) if given["KEY_FILE"] else None
        except (OSError, ValueError) as error:
            sys.exit(f"ZITADEL_TEST_KEY_FILE {given['KEY_FILE']} cannot be read: {error}")
        return cls(given["URL"].rstrip("/"), given["TOKEN"], key, release, ca_path)

    @property
    def netloc(self) -> str:
        """Its host name and port as they are in the header ``Host``."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request as it is, over a connection that the thread keeps, and return whatever the answer is."""
        kept = getattr(self._connections, "kept", None)
        try:
            return self._send(kept or self._connect(), method, path, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if not kept:
                raise
            # It was closed while nobody used it.
            return self._send(self._connect(), method, path, headers, body)

    def _connect(self) -> http.client.HTTPConnection:
        url = urlsplit(self.url)
        assert url.hostname
        if url.scheme == "http":
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
        else:
            context = ssl.create_default_context(cafile=self.ca_path or None)
            connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=120, context=context)
        self._connections.kept = connection
        return connection

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.netloc, **headers}.items():
                connection.putheader(name, value.encode("utf-8"))
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            self._connections.kept = None
            raise
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP}
        return Answer(answer.status, content, kept)

    def ask(
        self, method: str, path: str, body: Any = None, *, organization: str = "", token: str | None = None
    ) -> tuple[int, Any]:
        """Call the API and return the status and the JSON of the answer; text if it is none."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}", "Accept-Language": "en"}
        if organization:
            headers["x-zitadel-orgid"] = organization
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self.send(method, path, headers, None if body is None else json.dumps(body).encode())
        try:
            return answer.status, json.loads(answer.body)
        except ValueError:
            return answer.status, answer.body.decode(errors="replace")

    def call(self, method: str, path: str, body: Any = None, *, organization: str = "") -> dict[str, Any]:
        """Call the API. Raises ``Refused`` if the answer is an error."""
        status, answer = self.ask(method, path, body, organization=organization)
        if status not in (200, 201) or not isinstance(answer, dict):
            what = answer.get("message", answer) if isinstance(answer, dict) else str(answer)[:200]
            raise Refused(f"{method} {path} of {self.url}: HTTP {status} {what}")
        return answer

    def check(self) -> None:
        """Whether we are let in, and the header that names an organization arrives. Ends the program if not."""
        try:
            self.call("GET", "/management/v1/orgs/me")
            status, _answer = self.ask("GET", "/management/v1/orgs/me", organization="0")
        except (OSError, http.client.HTTPException, Refused) as error:
            sys.exit(f"{self.url} cannot be used: {error}")
        if status == 200:
            sys.exit(f"The header x-zitadel-orgid does not reach {self.url}: every write would go to one organization.")

    # Organizations

    def find_organizations(self, part: str) -> dict[str, str]:
        """Ids and names of the organizations with this in their names."""
        query = {"nameQuery": {"name": part, "method": "TEXT_QUERY_METHOD_CONTAINS"}}
        found: dict[str, str] = {}
        while True:
            page = {"offset": str(len(found)), "limit": 100, "asc": True}
            answer = self.call("POST", "/v2/organizations/_search", {"query": page, "queries": [query]})
            new = {one["id"]: one["name"] for one in answer.get("result", []) if one["id"] not in found}
            found.update(new)
            if not new:
                return found

    def remove_organization(self, organization: str, name_part: str = "") -> None:
        """Remove an organization if its name has this part. Asks first which one it is that answers."""
        status, answer = self.ask("GET", "/management/v1/orgs/me", organization=organization)
        one = answer.get("org", {}) if status == 200 and isinstance(answer, dict) else {}
        if one.get("id") == organization and name_part in one.get("name", "") and "state" in one:
            self.call("DELETE", "/management/v1/orgs/me", organization=organization)

    # Which release

    def nearest_release(self, organization: str) -> str:
        """The release of the fake that answers like this server. Asks in an organization that must be ours."""
        service = "/zitadel.org.v2.OrganizationService"
        status, answer = self.ask("POST", f"{service}/ListOrganizationMetadata", {"organizationId": organization})
        if status == 404:
            return "4.3.0" if isinstance(answer, str) else "3.4.9"
        removal = {"organizationId": organization, "metadata": [{"key": "absent", "value": ""}]}
        if self.ask("POST", f"{service}/SetOrganizationMetadata", removal)[0] != 200:
            return "4.7.0"
        status, _answer = self.ask("POST", "/management/v1/metadata/empty", {"value": ""}, organization=organization)
        return "4.13.1" if status == 500 else "next"


# What the answers of a server say of its release.
RANGES = {
    "3.4.9": "v3",
    "4.3.0": "v4.0 to v4.6",
    "4.7.0": "v4.7 to v4.12",
    "4.13.1": "v4.13.0 or v4.13.1",
    "next": "a release after v4.13.1",
}


def is_since(release: str, since: str) -> bool:
    """Whether one release of the fake is not older than another."""
    order = list(RANGES)
    return order.index(release) >= order.index(since)


def is_name(text: str) -> bool:
    """Whether this can be the name of a release: v4.13.1."""
    return bool(re.fullmatch(r"v[0-9]+\.[0-9]+\.[0-9]+", text))
