"""Targets of messages on loopback: an HTTP receiver that behaves as it is told, and a mail server."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

from tests.free_port import free_port


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Receiver:
    """Its address, what it got so far, and how it behaves by the first part of a path."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def url(self, behaviour: str, *, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{behaviour}"


STATUSES = {"ok": 200, "no-content": 204, "broken": 500, "busy": 429, "gone": 404, "moved": 302}


class Handler(BaseHTTPRequestHandler):
    """Behaves as the path says."""

    receiver: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Received(self.command, self.path, dict(self.headers), body)
        self.receiver.requests.append(seen)
        behaviour = self.path.strip("/").partition("/")[0].partition("?")[0]
        getattr(self, f"be_{behaviour}", self.be_plain)(behaviour)

    do_GET = do_POST  # noqa: N815 - the name is the library's

    def be_plain(self, behaviour):
        self.send_response(STATUSES[behaviour])
        if behaviour == "busy":
            self.send_header("Retry-After", "17")
        if behaviour == "moved":
            self.send_header("Location", "/ok")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def be_hang(self, _behaviour):
        self.receiver.let_go.wait(60)
        self.close_connection = True

    def be_drip(self, _behaviour):
        """A header that never ends, a byte at a time: no read of it waits long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.receiver.let_go.wait(0.2):
            try:
                self.wfile.write(b".")
            except OSError:
                return

    def be_close(self, _behaviour):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def be_half(self, _behaviour):
        """The begin of a status line, then nothing more."""
        self.wfile.write(b"HTTP/1.")
        self.be_close(_behaviour)

    def log_message(self, *_):
        pass


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """A receiver that runs while the block does."""
    receiver = Receiver()
    handler = type("Handler", (Handler,), {"receiver": receiver})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.let_go.set()
            server.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """A mail server's port and what it took; it refuses recipients at `full.test`."""

    port: int
    mails: list = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@full.test"):
            return "452 4.2.2 mailbox is full"
        if address.endswith("@unknown.test"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that runs while the block does."""
    mailbox = Mailbox(free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
