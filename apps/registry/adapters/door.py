"""A door to the registry for one helper program: an address on this machine, open while it works.

Programs such as skopeo reach a registry by an address and a password. The door takes a password that
is made for it, and passes requests on to the registry (which may be on a unix socket) with the portal's
own token for exactly the repository that is asked for. Bodies are streamed, never held.
"""

from __future__ import annotations

import base64
import http.client
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from apps.registry.ports import Door
from dce_portal.secret import Secret

TIMEOUT_S: Final = 120.0
MOST_MANIFEST_BYTES: Final = 4 * 1024 * 1024
CHUNK_BYTES: Final = 256 * 1024
USER: Final = "portal"
READING: Final = ("GET", "HEAD")
METHODS: Final = (*READING, "POST", "PATCH", "PUT", "DELETE")
HOP_BY_HOP: Final = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "expect")
).union(("authorization", "content-length", "proxy-authorization"))
_PATH: Final = re.compile(
    r"/v2/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)/(?P<kind>manifests|blobs|tags)/"
)


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind the door: the registry's address or socket, its tokens, what may be asked."""

    token: Callable[[str | None], str]
    url: str
    unix_socket: Path | None = None
    methods: tuple[str, ...] = METHODS
    read_only_file: Path | None = None
    """While it is there nothing may be written: the registry's garbage is being collected."""
    takes_manifest: Callable[[bytes], bool] | None = None
    """Asked with each manifest that is put, once its layers are there."""

    def takes(self, method: str) -> bool:
        """Whether this may be asked now."""
        is_closed = self.read_only_file is not None and self.read_only_file.exists()
        return method in READING or not is_closed

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own for one request."""
        parts = urlsplit(self.url)
        if self.unix_socket is not None:
            return _SocketConnection(self.unix_socket)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        return kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("registry", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


class _Handler(BaseHTTPRequestHandler):
    """Passes one request on; anything that is no request to a repository is refused."""

    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S
    behind: Behind
    expected: bytes
    manifest: bytes | None = None

    def pass_on(self) -> None:
        """Whatever the method."""
        self.manifest = None
        if not secrets.compare_digest(self._given(), self.expected):
            self._say(401, {"WWW-Authenticate": 'Basic realm="door"'})
        elif self.path in {"/v2/", "/v2"}:
            self._say(200, {"Docker-Distribution-Api-Version": "registry/2.0"})
        elif (found := _PATH.match(self.path)) is None or self.command not in self.behind.methods:
            self._say(405, {})
        elif not self.behind.takes(self.command):
            self._say(503, {"Retry-After": "30"})
        elif self.command == "PUT" and found["kind"] == "manifests" and not self._is_taken():
            self._say(400, {})
        else:
            self._forward(found["repository"])

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - the library's signature
        """Say nothing: the program behind the door tells what it does."""

    def _is_taken(self) -> bool:
        """Reads the manifest where somebody wants to look at it."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.behind.takes_manifest is None:
            return True
        if not 0 < length <= MOST_MANIFEST_BYTES:
            return False
        self.manifest = b"".join(self._pieces(length))
        return self.behind.takes_manifest(self.manifest)

    def _given(self) -> bytes:
        return self.headers.get("Authorization", "").encode(errors="replace")

    def _say(self, status: int, headers: Mapping[str, str]) -> None:
        """Answer without a body; what the client still sends is not read, so its connection ends."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _forward(self, repository: str) -> None:
        connection = self.behind.connect()
        try:
            self._ask(connection, repository)
            self._answer(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError):
            self.close_connection = True
            with suppress(OSError):
                self._say(502, {})
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, repository: str) -> None:
        # A client may send a header in several lines, Accept above all.
        names = {name.lower() for name in self.headers} - HOP_BY_HOP
        kept = {name: ", ".join(self.headers.get_all(name) or ()) for name in names}
        kept["Authorization"] = f"Bearer {self.behind.token(repository)}"
        is_chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        length = int(self.headers.get("Content-Length") or 0)
        if is_chunked:
            kept["Transfer-Encoding"] = "chunked"
        elif length or self.command in {"POST", "PUT", "PATCH"}:
            kept["Content-Length"] = str(length)
        body = self.manifest or self._body(length, is_chunked=is_chunked)
        connection.request(
            self.command, self._target(), body=body, headers=kept, encode_chunked=is_chunked
        )

    def _body(self, length: int, *, is_chunked: bool) -> Iterator[bytes] | None:
        if is_chunked:
            return self._chunks()
        return self._pieces(length) if length else None

    def _target(self) -> str:
        """A mount names a second repository, for which this token is not: it becomes an upload."""
        is_mount = self.command == "POST" and "mount=" in self.path
        return self.path.partition("?")[0] if is_mount else self.path

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self.rfile.read(min(length, CHUNK_BYTES))
            if not piece:
                raise http.client.IncompleteRead(b"", length)
            length -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            yield from self._pieces(size)
            self.rfile.readline(8)
        while self.rfile.readline(1024).strip():
            pass

    def _answer(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, self._here(name, value, response.status))
        length = response.getheader("Content-Length")
        if length is None:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            while piece := response.read(CHUNK_BYTES):
                self.wfile.write(piece)

    def _here(self, name: str, value: str, status: int) -> str:
        """Where an upload goes on is here again; a redirect to a store is the client's to follow."""
        if name.lower() != "location" or not 200 <= status < 300:
            return value
        parts = urlsplit(value)
        return parts.path + (f"?{parts.query}" if parts.query else "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's signature
        """A client that goes away is no event."""


@contextmanager
def door_to(behind: Behind) -> Iterator[Door]:
    """Open a door on a free port of this machine for as long as the block runs."""
    password = secrets.token_urlsafe(32)
    credential = base64.b64encode(f"{USER}:{password}".encode())
    facts = {"behind": behind, "expected": b"Basic " + credential}
    with _Server(("127.0.0.1", 0), type("Handler", (_Handler,), facts)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield Door(f"127.0.0.1:{server.server_address[1]}", USER, Secret(password))
        finally:
            server.shutdown()
            thread.join()
