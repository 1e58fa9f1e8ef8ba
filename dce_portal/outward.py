"""HTTP to addresses that people typed in: only where the operator allows, judged at the address that is connected to.

A name is resolved once and the connection goes to the very address that was judged, so that a name
which resolves differently the second time gains nothing. Redirects and proxies are not followed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from dce_portal.addresses import is_allowed

CONNECT_TIMEOUT_S = 5.0
# A name may have any number of addresses, each of which may take that long.
MOST_ADDRESSES = 4


class ClosedAddressError(Exception):
    """The name leads to an address that the operator has not opened; the text is that address."""


# What an exchange with such an address may end in; an address that is none is a ValueError.
FAILURES = (requests.RequestException, HTTPError, ClosedAddressError, OSError, ValueError)


class _Guard:
    """What the connections of one session share: what they may reach, and their sockets."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        self.refused = ""
        self.is_over = False
        self._sockets: list[socket.socket] = []

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket to the first address of the name that answers, of the first few; every one is judged before."""
        found = self._resolved(connection)
        problem: OSError | None = None
        for family, kind, protocol, _name, address in found[:MOST_ADDRESSES]:
            if self.is_over:
                break
            try:
                return self._opened(socket.socket(family, kind, protocol), address)
            except OSError as error:
                problem = error
        raise NewConnectionError(connection, str(problem or "no address")) from problem

    def end(self) -> None:
        """Break off whatever is under way; a reader gets an error at once."""
        self.is_over = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _resolved(self, connection: HTTPConnection) -> list[Any]:
        host, port = connection.host, connection.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
        allowed = [one for one in found if is_allowed(one[4], allow_private=self.allow_private)]
        if found and not allowed:
            self.refused = str(found[0][4][0])
            raise NewConnectionError(connection, "closed address")
        return allowed

    def _opened(self, opened: socket.socket, address: Any) -> socket.socket:  # noqa: ANN401 - as getaddrinfo gives it
        opened.settimeout(CONNECT_TIMEOUT_S)
        try:
            opened.connect(address)
        except OSError:
            opened.close()
            raise
        self._sockets.append(opened)
        if self.is_over:
            # The end came while this one connected, and has not seen it.
            opened.close()
            raise TimeoutError
        return opened


class _Guarded:
    """Mixed into urllib3's connections; `guard` is set by the adapter that made their class."""

    guard: _Guard

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self)  # type: ignore[arg-type]  # always mixed into an HTTPConnection


class _GuardedAdapter(HTTPAdapter):
    """Plain and TLS connections alike go through the guard."""

    def __init__(self, guard: _Guard) -> None:
        self._guard = guard
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as requests has it
        super().init_poolmanager(*args, **options)
        plain = type("Plain", (_Guarded, HTTPConnection), {"guard": self._guard})
        tls = type("Tls", (_Guarded, HTTPSConnection), {"guard": self._guard})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }


@contextmanager
def outward_session(*, allow_private: bool, within_s: float) -> Iterator[requests.Session]:
    """A session for one exchange, all of which must be over within so many seconds.

    Raises ClosedAddressError for an address that is not open, in place of what requests says of it.
    """
    guard = _Guard(allow_private=allow_private)
    timer = threading.Timer(within_s, guard.end)
    timer.daemon = True
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", _GuardedAdapter(guard))
        session.mount("https://", _GuardedAdapter(guard))
        timer.start()
        try:
            yield session
            # What was broken off may look like an answer that ended early.
            if guard.is_over:
                raise requests.Timeout
        except requests.RequestException as error:
            if guard.refused:
                raise ClosedAddressError(guard.refused) from error
            raise
        finally:
            timer.cancel()
