# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 with kept connections, on the loopback interface only."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from .exchange import Answer, Request
from .faults import Dropped

# Waits for so many seconds (None: for ever); true if the client hung up or the server stopped meanwhile.
Wait = Callable[["float | None"], bool]
Application = Callable[[Request, Wait], Answer]
_LONGEST_LINE = 65536
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) (HTTP/1\.[01])\r?\n")
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingTCPServer):
    """Serves an application until stopped; stopping cuts every open connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Application, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.application = application
        self.tls = tls
        self.scheme = "https" if tls else "http"
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True, name="fake-zitadel")
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def _accept(self) -> None:
        # Not serve_forever: that wakes up twice a second, and stopping has to wait for it.
        while not self._stopping.is_set():
            try:
                connection, address = self.socket.accept()
            except OSError:
                return
            with self._lock:
                if self._stopping.is_set():
                    connection.close()
                    return
                self._connections.add(connection)
            self.process_request(connection, address)

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            connections = list(self._connections)
        with contextlib.suppress(OSError):
            # Wakes the thread that accepts.
            socket.create_connection(self.server_address[:2], timeout=1).close()  # type: ignore[arg-type]
        self._thread.join(5)
        self.socket.close()
        for connection in connections:
            cut(connection)

    def wrap(self, connection: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        wrapped = tls.wrap_socket(connection, server_side=True)
        with self._lock:
            self._connections.discard(connection)
            self._connections.add(wrapped)
        return wrapped

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up or does not like our certificate is nothing to talk about.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not the method of TLS sockets, which takes the connection apart while another thread reads from it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Handler(StreamRequestHandler):
    """One connection. Reads as much of HTTP as clients of an API send, since the parser of the library is slow."""

    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        if self.server.tls:
            # Here and not in the thread that accepts: a slow handshake keeps nobody else waiting.
            self.request = self.server.wrap(self.request, self.server.tls)
        super().setup()

    def handle(self) -> None:
        while self._serve():
            pass

    def _serve(self) -> bool:
        """Answer one request; false if no other one can follow."""
        line = self.rfile.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            return False  # hung up
        match = _REQUEST_LINE.fullmatch(line)
        if not match:  # https, perhaps
            self._send("", Answer(400, b"400 Bad Request", {"Content-Type": "text/plain; charset=utf-8"}), keep=False)
            return False
        method, target, version = match[1].decode(), match[2].decode("latin-1"), match[3]
        headers = self._headers()
        if method == "CONNECT":
            self._send(method, Answer(501, b"the fake is no such proxy"), keep=False)
            return False
        if "transfer-encoding" in headers:
            self._send(method, Answer(411, b"the fake reads bodies with a Content-Length only"), keep=False)
            return False
        if headers.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        request = Request(method, target, headers, body, self.server.scheme)
        keep = version == b"HTTP/1.1" and headers.get("connection", "").lower() != "close"
        try:
            answer = self.server.application(request, self._wait)
        except Dropped as dropped:
            if dropped.answer:
                self._send(method, dropped.answer, keep=False, body_bytes=len(dropped.answer.body) // 2)
            return False
        self._send(method, answer, keep=keep)
        return keep

    def _headers(self) -> dict[str, str]:
        headers = {}
        while (line := self.rfile.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
            name, _colon, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _send(self, method: str, answer: Answer, *, keep: bool, body_bytes: int | None = None) -> None:
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}", "Server: fake_zitadel"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {len(answer.body)}"]
        if not keep:
            lines += ["Connection: close"]
        head = "\r\n".join([*lines, "\r\n"]).encode("utf-8")
        # Headers and body leave in one piece: apart they would cost 40 ms.
        self.connection.sendall(head if method == "HEAD" else head + answer.body[:body_bytes])

    def _wait(self, seconds: float | None) -> bool:
        # A connection becomes readable when the client hangs up, and when the server stops and cuts it.
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if self.server.tls:
            # The server closes only what it accepted, and that was wrapped.
            self.server.shutdown_request(self.request)
