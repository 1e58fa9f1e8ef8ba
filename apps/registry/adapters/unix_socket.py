"""HTTP over a unix socket for requests: mount it, and every address goes to that one socket."""

from __future__ import annotations

import socket
from pathlib import Path

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class _SocketConnection(HTTPConnection):
    """One connection to the socket."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path
        self._timeout_s = timeout_s

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._timeout_s)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        return connection


class _SocketPool(HTTPConnectionPool):
    """Connections to the socket that are kept for the next request."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        super().__init__("localhost", maxsize=4)
        self._path = path
        self._timeout_s = timeout_s

    def _new_conn(self) -> HTTPConnection:
        return _SocketConnection(self._path, timeout_s=self._timeout_s)


class UnixSocketAdapter(HTTPAdapter):
    """A requests transport for one unix socket."""

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        """Keep the pool; nothing connects before the first request."""
        super().__init__()
        self._pool = _SocketPool(path, timeout_s=timeout_s)

    def get_connection_with_tls_context(
        self, *_args: object, **_options: object
    ) -> HTTPConnectionPool:
        """The one pool, whatever the address."""
        return self._pool

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()
        super().close()
