"""Calls to the engine on this node, one after the other, for the verbs."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from .errors import AgentError

TIMEOUT_S = 60.0
LARGEST_ANSWER_BYTES = 8 << 20


class EngineRefused(AgentError):
    """The engine answered with an error."""

    def __init__(self, status: int, sentence: str) -> None:
        """Keep the status beside the engine's own words."""
        super().__init__(sentence)
        self.status = status


class Engine:
    """The Engine API over its unix socket, in the engine's newest version."""

    def __init__(self, socket_path: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remember where it listens; nothing is opened yet."""
        self._path = socket_path
        self._timeout_s = timeout_s

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read something."""
        return cast("dict[str, Any]", json.loads(self.call("GET", path, query) or "{}"))

    def post(self, path: str, body: Mapping[str, Any] | None = None, **query: str) -> str:
        """Change something; what the engine answered, as text."""
        return self.call("POST", path, query, body)

    def delete(self, path: str, **query: str) -> None:
        """Remove something."""
        self.call("DELETE", path, query)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> str:
        """One request; an answer that is an error raises with the engine's words."""
        connection = _UnixConnection(self._path, timeout_s=self._timeout_s)
        try:
            target = f"{path}?{urlencode(query)}" if query else path
            data = json.dumps(body).encode() if body is not None else None
            connection.request(method, target, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read(LARGEST_ANSWER_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise AgentError(f"The engine does not answer {method} {path}: {error}.") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise EngineRefused(answer.status, _message(text) or f"status {answer.status}")
        return text


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, *, timeout_s: float) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"]).strip()
    except (ValueError, KeyError, TypeError):
        return text.strip()
