"""A server on a unix socket that answers as a test says, for what no sound engine would do."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests import servers

VERSION = {"ApiVersion": "1.45", "MinAPIVersion": "1.24"}
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(body: object, *, status: str = "200 OK") -> Answer:
    """A complete answer of JSON, or of bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()

    return send


class StubEngine:
    """Answers by path; what it does not know is a 404 as engines write it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {"/version": reply(VERSION)}
        self.seen: list[str] = []
        self.most_at_once = 0
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, _ = head.decode().split(" ", 2)
        lengths = [line for line in head.decode().lower().splitlines() if "content-length" in line]
        if lengths:
            await reader.readexactly(int(lengths[0].partition(":")[2]))
        path = target.partition("?")[0]
        self.seen.append(f"{method} {target}")
        known = {path.removeprefix("/v1.45"): path}
        answer = self.answers.get(next(iter(known)), reply({"message": "no such"}, status="404 NF"))
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            await answer(writer)
        finally:
            self._open -= 1


@asynccontextmanager
async def stub_engine() -> AsyncIterator[StubEngine]:
    """A running stub, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dce-stub-") as folder:
        socket = Path(folder) / "e.sock"
        stub = StubEngine(f"unix://{socket}")
        server = await asyncio.start_unix_server(stub.serve, socket)
        try:
            yield stub
        finally:
            await servers.end(server)
