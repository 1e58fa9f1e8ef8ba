"""Verb `health`: one request through nginx to the sampler, as Docker's health check."""

from __future__ import annotations

import socket

from .errors import AgentError
from .paths import HEALTH_SOCKET

TIMEOUT_S = 5.0
REQUEST = b"GET /dce/v1/health HTTP/1.0\r\n\r\n"


def check(path: str = HEALTH_SOCKET) -> str:
    """Say that all is well; raise with what was answered when it is not."""
    try:
        status = _status(path)
    except OSError as error:
        raise AgentError(f"The agent does not answer: {error}.") from error
    if status != "200":
        raise AgentError(f"The agent answers {status or 'nothing'}: it takes no samples in time.")
    return "healthy"


def _status(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(path)
        connection.sendall(REQUEST)
        line = connection.recv(64).decode("latin-1").split("\r\n")[0]
    return line.partition(" ")[2].partition(" ")[0]
