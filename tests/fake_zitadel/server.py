# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP/1.1 with kept connections, on the loopback interface only."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .exchange import Answer, Request
from .faults import Dropped

# Waits for so many seconds (None: for ever); true if the client hung up or the server stopped meanwhile.
Wait = Callable[["float | None"], bool]
Application = Callable[[Request, Wait], Answer]


class Server(ThreadingHTTPServer):
    """Serves an application until stopped; stopping cuts every open connection."""

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

    def server_bind(self) -> None:
        # Not that of HTTPServer: it asks for our name, and name servers can be slow.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

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


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece
    server: Server

    def setup(self) -> None:
        if self.server.tls:
            # Here and not in the thread that accepts: a slow handshake keeps nobody else waiting.
            self.request = self.server.wrap(self.request, self.server.tls)
        super().setup()

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            # The base class shortens paths that start with //.
            method=self.command,
            path=self.requestline.split(" ")[1],
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            scheme=self.server.scheme,
        )
        if "transfer-encoding" in request.headers:
            self.close_connection = True
            self._send(Answer(411, b"the fake reads bodies with a Content-Length only"), None)
            return
        try:
            answer = self.server.application(request, self._wait)
        except Dropped as dropped:
            self.close_connection = True
            if dropped.answer:
                self._send(dropped.answer, len(dropped.answer.body) // 2)
            return
        self._send(answer, None)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def _send(self, answer: Answer, body_bytes: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:body_bytes])
        self.wfile.flush()

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

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as in the base class
        pass

    def version_string(self) -> str:
        return "fake_zitadel"
