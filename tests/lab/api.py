"""The lab's own calls to an engine's API, independent of the portal's adapters."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .host import LabError

TIMEOUT_S = 60


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, *, timeout_s: float) -> None:
        super().__init__("engine", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class EngineApi:
    """One engine's API over its unix socket, a connection a call."""

    def __init__(self, path: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remember the socket; nothing is opened yet."""
        self._path = path
        self._timeout_s = timeout_s

    def get(self, path: str, **query: object) -> Any:
        """Read something."""
        return self._call("GET", path, query, None)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        """Change something; ``bytes`` are sent as they are, anything else as JSON."""
        return self._call("POST", path, query, body)

    def delete(self, path: str, **query: object) -> Any:
        """Remove something."""
        return self._call("DELETE", path, query, None)

    def answers(self) -> bool:
        """Whether the engine serves requests already."""
        try:
            return bool(self.get("/_ping") == "OK")
        except (OSError, http.client.HTTPException, LabError):
            return False

    def _call(self, method: str, path: str, query: dict[str, object], body: object) -> Any:
        connection = _UnixConnection(self._path, timeout_s=self._timeout_s)
        data, headers = _encode(body)
        try:
            connection.request(method, f"{path}?{urlencode(query)}", data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise LabError(f"{method} {path} was answered {answer.status}: {text.strip()}")
        return _decode(text)


def _encode(body: object) -> tuple[bytes | None, dict[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/x-tar"}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _decode(text: str) -> Any:
    """Parse JSON; a plain word or a stream of several documents stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
