# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that sends exactly what it is told to."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from fake_zitadel import FakeZitadel

METADATA = "/management/v1/metadata"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error_id(self) -> str:
        """The id of an API error, "" if it has none."""
        found = re.search(r"\(([A-Z0-9]+-[A-Za-z0-9]+)\)$", self.json["message"])
        return found[1] if found else ""

    @property
    def values(self) -> dict[str, str]:
        """A list of metadata: key -> base64."""
        entries = self.json.get("result", self.json.get("metadata", []))
        return {entry["key"]: entry["value"] for entry in entries}


class Client:
    """Talks to a fake as the administrator, or with another ``token``, over one connection."""

    def __init__(
        self,
        fake: FakeZitadel,
        organization: str | None = None,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 30,
    ) -> None:
        url = urlsplit(fake.url)
        assert url.hostname
        if tls:
            self.connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                url.hostname, url.port, context=tls, timeout=timeout
            )
        else:
            self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        self.headers = {"Authorization": f"Bearer {token or fake.token}"}
        if organization:
            self.headers["x-zitadel-orgid"] = organization

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request; ``body`` is JSON unless it is bytes. A header's ``_`` stands for ``-``."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.connection.request(method, path, content, {**self.headers, **more})
            answer = self.connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read())
        except OSError:
            self.connection.close()
            raise

    def get(self, key: str) -> Reply:
        return self.call("GET", f"{METADATA}/{key}")

    def list(self, **body: Any) -> Reply:
        return self.call("POST", f"{METADATA}/_search", body)

    def set(self, key: str, value: str = "dg==") -> Reply:
        return self.call("POST", f"{METADATA}/{key}", {"value": value})

    def set_many(self, *keys: str, value: str = "dg==") -> Reply:
        return self.call("POST", f"{METADATA}/_bulk", {"metadata": [{"key": key, "value": value} for key in keys]})

    def remove(self, key: str) -> Reply:
        return self.call("DELETE", f"{METADATA}/{key}")

    def remove_many(self, *keys: str) -> Reply:
        return self.call("DELETE", f"{METADATA}/_bulk", {"keys": [*keys]})

    def connect(self, call: str, **body: Any) -> Reply:
        """A Connect call: ``SetOrganizationMetadata``, ``ListUserMetadata``."""
        service = "user.v2.UserService" if "User" in call else "org.v2.OrganizationService"
        return self.call("POST", f"/zitadel.{service}/{call}", body, Content_Type="application/json")

    def token(self, form: dict[str, str], **headers: str) -> Reply:
        # Nobody is logged in yet.
        self.headers.pop("Authorization", None)
        return self.call("POST", "/oauth/v2/token", urlencode(form).encode(), **headers)
