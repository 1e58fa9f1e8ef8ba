"""Receivers of syslog on loopback: over UDP, and over TCP with or without TLS."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WAIT_S = 10


@dataclass
class SyslogReceiver:
    """Where it listens, and what it got."""

    port: int
    messages: queue.Queue[bytes] = field(default_factory=queue.Queue)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def take(self, count: int) -> list[bytes]:
        """The next messages; fails when they do not come."""
        return [self.messages.get(timeout=WAIT_S) for _ in range(count)]


@contextmanager
def udp_receiver() -> Iterator[SyslogReceiver]:
    """Takes datagrams until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        receiver = SyslogReceiver(listener.getsockname()[1])

        def work() -> None:
            while text := listener.recv(65_536):
                receiver.messages.put(text)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", ("127.0.0.1", receiver.port))
            thread.join(WAIT_S)


@contextmanager
def tcp_receiver(
    *, tls: ssl.SSLContext | None = None, port: int = 0, resets: bool = False
) -> Iterator[SyslogReceiver]:
    """Takes frames of RFC 6587, a connection after the other; or throws each connection away."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        receiver = SyslogReceiver(listener.getsockname()[1])
        ended = threading.Event()

        def work() -> None:
            while not ended.is_set():
                line, _where = listener.accept()
                with line, contextlib.suppress(OSError):
                    if not ended.is_set():
                        _serve(line, receiver, tls=tls, resets=resets)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            ended.set()
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", receiver.port), 1),
            ):
                pass
            thread.join(WAIT_S)


def _serve(
    line: socket.socket, receiver: SyslogReceiver, *, tls: ssl.SSLContext | None, resets: bool
) -> None:
    line.settimeout(WAIT_S)
    if resets:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        line.recv(1)
        return
    opened = tls.wrap_socket(line, server_side=True) if tls else line
    with opened, opened.makefile("rb") as stream:
        while length := _length(stream):
            receiver.messages.put(stream.read(length))


def _length(stream) -> int:
    digits = b""
    while (one := stream.read(1)) and one != b" ":
        digits += one
    return int(digits or 0)
