"""Sends entries as syslog: over TCP, TLS or UDP, a timeout on every call."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from contextlib import closing

from apps.forwarding.ports import Record
from apps.forwarding.rules.syslog import LONGEST_DATAGRAM, framed, message

CONNECT_S = 3.0
SEND_S = 10.0
# How long a receiver may take to close after the portal has said that nothing more comes.
END_S = 2.0


class StreamSyslog:
    """A connection for each batch; TCP has no receipt, so the receiver is given time to complain before it ends."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """Open nothing yet."""
        self._where, self._host, self._tls = (host, port), host, tls

    def send(self, records: Sequence[Record]) -> str:
        """Send all of them; a receiver that resets the connection has taken none."""
        own = socket.gethostname()
        text = b"".join(framed(message(record, host=own)) for record in records)
        try:
            with closing(self._connected()) as line:
                line.settimeout(SEND_S)
                line.sendall(text)
                _end(line)
        except (OSError, UnicodeError) as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _connected(self) -> socket.socket:
        line = socket.create_connection(self._where, timeout=CONNECT_S)
        if self._tls is None:
            return line
        try:
            return self._tls.wrap_socket(line, server_hostname=self._host)
        except BaseException:
            line.close()
            raise


def _end(line: socket.socket) -> None:
    """Say that nothing more comes and hear whether the receiver objects; silence is consent."""
    line.settimeout(END_S)
    try:
        if isinstance(line, ssl.SSLSocket):
            line.unwrap()
        else:
            line.shutdown(socket.SHUT_WR)
            line.recv(1)
    except (TimeoutError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return


class DatagramSyslog:
    """A datagram each; nobody says whether it came."""

    def __init__(self, host: str, port: int) -> None:
        """Open nothing yet."""
        self._host, self._port = host, port

    def send(self, records: Sequence[Record]) -> str:
        """Send all of them."""
        own = socket.gethostname()
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _name, where = found[0]
            with closing(socket.socket(family, kind, protocol)) as line:
                line.settimeout(SEND_S)
                line.connect(where)
                for record in records:
                    line.send(message(record, host=own, longest=LONGEST_DATAGRAM))
        except (OSError, UnicodeError) as error:
            return f"{type(error).__name__}: {error}"
        return ""
