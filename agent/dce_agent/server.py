"""Answer on a unix socket: two addresses, GET only. nginx stands in front and asks who calls."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from .agent import Agent
from .answer import encode

REQUEST_TIMEOUT_S = 10.0
LONGEST_LINE_BYTES = 8192
MOST_HEADERS = 100
SOCKET_MODE = 0o660


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON document."""

    status: HTTPStatus
    body: bytes


class Server:
    """Speaks HTTP/1.1 for an agent, one request a connection."""

    def __init__(self, agent: Agent) -> None:
        """Answer from ``agent``."""
        self._agent = agent

    @asynccontextmanager
    async def listening(self, path: str) -> AsyncIterator[None]:
        """Listen on a socket; one that an earlier run left behind is replaced."""
        server = await asyncio.start_unix_server(self._serve, path, limit=LONGEST_LINE_BYTES)
        try:
            os.chmod(path, SOCKET_MODE)
            async with server:
                yield
        finally:
            with contextlib.suppress(FileNotFoundError):  # Python removes it itself from 3.13 on
                os.unlink(path)

    def answer(self, method: str, target: str) -> Answer:
        """Say what a request is answered."""
        address = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if method != "GET":
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "The agent is only read: use GET.")
        match address.path:
            case "/dce/v1/samples":
                watch = query.get("watch") == "1"
                return Answer(
                    HTTPStatus.OK, self._agent.samples(query.get("since", ""), watch=watch)
                )
            case "/dce/v1/health":
                health = self._agent.health()
                status = HTTPStatus.OK if health["healthy"] else HTTPStatus.SERVICE_UNAVAILABLE
                return Answer(status, encode(health))
        return _refusal(HTTPStatus.NOT_FOUND, "The agent has /dce/v1/samples and /dce/v1/health.")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                writer.write(_encoded(await self._answer_to(reader)))
                await writer.drain()
        except (OSError, EOFError):
            pass  # who asked has gone, or never finished asking
        finally:
            writer.close()

    async def _answer_to(self, reader: asyncio.StreamReader) -> Answer:
        try:
            method, target, _ = (await reader.readline()).decode("ascii").split()
            await _skip_headers(reader)
            return self.answer(method, target)
        except ValueError:
            return _refusal(HTTPStatus.BAD_REQUEST, "The request cannot be read.")


async def _skip_headers(reader: asyncio.StreamReader) -> None:
    for _ in range(MOST_HEADERS):
        if not (await reader.readline()).strip():
            return
    raise ValueError("headers without end")


def _refusal(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(status, encode({"error": sentence}))


def _encoded(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        "Content-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\n"
        f"Content-Length: {len(answer.body)}\r\n\r\n"
    )
    return head.encode("ascii") + answer.body
