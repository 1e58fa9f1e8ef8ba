"""Token requests in chunks, as podman and skopeo send them, with the front and without it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.e2e.site import TIMEOUT_S
from tests.plugins.portal import PASSWORD

pytestmark = [pytest.mark.portal, pytest.mark.lab]

SCOPE = "repository:team/app:pull,push"


class UnixConnection(http.client.HTTPConnection):
    """HTTP to the web process itself."""

    def __init__(self, path: Path) -> None:
        """Remember the socket."""
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


@pytest.fixture(params=["with the front", "without it"])
def connect(request, site):
    """Make a connection to nginx, or to granian behind it."""
    if request.param == "with the front":
        return lambda: http.client.HTTPConnection(site.host, timeout=TIMEOUT_S)
    return lambda: UnixConnection(site.portal.data / "run" / "web.sock")


def post(connection, form: dict[str, str], *, piece_bytes: int = 7) -> tuple[int, dict]:
    """Send a form in small chunks without a length."""
    body = urlencode({"service": "dce-registry", **form}).encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), piece_bytes):
            yield body[start : start + piece_bytes]

    headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": "localhost"}
    with closing(connection):
        connection.request("POST", "/auth/token", pieces(), headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_password_and_refresh_arrive_whole(connect):
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD, "scope": SCOPE}
    status, first = post(connect(), form | {"access_type": "offline", "client_id": "test"})
    assert status == 200, first
    assert first["scope"] == SCOPE or set(first["scope"]) == set(SCOPE)
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    status, second = post(connect(), refresh | {"scope": SCOPE, "client_id": "test"})
    assert status == 200, second
    assert second["access_token"]
    assert second["expires_in"] >= 60


def test_a_wrong_password_in_chunks_is_refused_as_such(connect):
    form = {"grant_type": "password", "username": "alice", "password": "wrong", "scope": SCOPE}
    status, body = post(connect(), form)
    assert status == 401
    message = "The user name or the password is not right."
    assert body["errors"][0] == {"code": "UNAUTHORIZED", "message": message, "detail": None}


def test_a_form_beyond_every_limit_is_refused(connect):
    form = {"grant_type": "password", "username": "alice", "password": "x" * 100_000}
    try:
        status, _ = post(connect(), form, piece_bytes=8192)
    except (BrokenPipeError, ConnectionResetError, json.JSONDecodeError):
        return  # the server hung up, or answered in nginx's own words
    assert status == 413
