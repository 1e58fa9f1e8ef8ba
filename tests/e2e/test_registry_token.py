"""Token requests in chunks, as podman and skopeo send them, with nginx in front and without."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest

from dce_portal.paths import Paths
from tests.plugins.portal import Portal

pytestmark = pytest.mark.portal


class SocketConnection(http.client.HTTPConnection):
    """HTTP to the web process itself."""

    def __init__(self, path: Path) -> None:
        super().__init__("portal", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@pytest.fixture(params=["front", "without front"])
def connection(
    request: pytest.FixtureRequest, running_portal: Portal
) -> Iterator[http.client.HTTPConnection]:
    if request.param == "front":
        opened = http.client.HTTPConnection("127.0.0.1", running_portal.port, timeout=10)
    else:
        opened = SocketConnection(Paths(running_portal.data).socket("web"))
    yield opened
    opened.close()


def send(connection: http.client.HTTPConnection, body: bytes) -> http.client.HTTPResponse:
    """The body in chunks of seven bytes, without a length."""
    chunks = (body[start : start + 7] for start in range(0, len(body), 7))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    connection.request("POST", "/auth/token", chunks, headers, encode_chunked=True)
    return connection.getresponse()


def test_a_chunked_form_arrives_whole(
    connection: http.client.HTTPConnection, running_portal: Portal
) -> None:
    form = {
        "grant_type": "password",
        "service": "dce-registry",
        "client_id": "test",
        "username": running_portal.username,
        "password": running_portal.password,
        "scope": "registry:catalog:*",
    }
    response = send(connection, urlencode(form).encode())
    body = json.load(response)
    assert response.status == 200, body
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["sub"] == running_portal.username
    assert claims["access"] == [{"type": "registry", "name": "catalog", "actions": ["*"]}]
