"""HTTP/1.1 to an engine over its unix socket: as much as its lists and its event stream need.

Written on asyncio's streams, because a client library takes more memory than the whole agent may.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

LONGEST_LINE_BYTES = 1 << 20
LARGEST_ANSWER_BYTES = 8 << 20
MOST_HEADERS = 100


class EngineSilent(Exception):
    """The engine did not answer, or not in a way that can be read; the text says which."""


@dataclass(frozen=True, slots=True)
class _Body:
    """An answer's body, as its headers say that it is framed."""

    reader: asyncio.StreamReader
    headers: Mapping[str, str]

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its pieces as they come; a cut in the middle raises."""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                yield await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            return
        length = int(self.headers.get("content-length", 0))
        if length > LARGEST_ANSWER_BYTES:
            raise EngineSilent(f"The engine announced an answer of {length} bytes; not read.")
        yield await self.reader.readexactly(length)


class EngineClient:
    """Calls to one engine, a connection each."""

    def __init__(self, socket_path: str) -> None:
        """Remember where it listens; nothing is opened yet."""
        self._path = socket_path

    async def ping(self, *, timeout_s: float) -> None:
        """Return when the engine answers."""
        async with self._answer("/_ping", {}, timeout_s=timeout_s):
            return

    async def get(self, path: str, *, timeout_s: float, **query: str) -> object:
        """Read a JSON document."""
        async with self._answer(path, query, timeout_s=timeout_s) as body:
            async with asyncio.timeout(timeout_s):
                document: object = json.loads(await _whole(body))
                return document

    @asynccontextmanager
    async def stream(
        self, path: str, *, timeout_s: float, **query: str
    ) -> AsyncIterator[AsyncIterator[object]]:
        """Open a stream of JSON documents, one a line; the time-out is for its beginning."""
        async with self._answer(path, query, timeout_s=timeout_s) as body:
            yield _documents(body)

    @asynccontextmanager
    async def _answer(
        self, path: str, query: Mapping[str, str], *, timeout_s: float
    ) -> AsyncIterator[_Body]:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_unix_connection(
                    self._path, limit=LONGEST_LINE_BYTES
                )
                headers = await _ask(reader, writer, f"{path}?{urlencode(query)}")
            yield _Body(reader, headers)
        except TimeoutError as exc:
            raise EngineSilent(f"The engine did not answer {path} in time.") from exc
        except (OSError, EOFError, ValueError) as exc:
            raise EngineSilent(f"The engine cannot be read at {path}: {exc}") from exc
        finally:
            if writer:
                writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str
) -> dict[str, str]:
    writer.write(f"GET {target} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    status = (await reader.readline()).split()
    if status[1:2] != [b"200"]:
        code = b" ".join(status[1:]).decode(errors="replace") or "nothing"
        raise EngineSilent(f"The engine answered {code} to {target}.")
    return await _headers(reader)


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = (await reader.readline()).decode("latin-1").strip()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise EngineSilent("The engine sent headers without end.")


async def _whole(body: _Body) -> bytes:
    text = bytearray()
    async for chunk in body.chunks():
        text += chunk
        if len(text) > LARGEST_ANSWER_BYTES:
            raise EngineSilent(
                f"The engine's answer is over {LARGEST_ANSWER_BYTES} bytes; not read."
            )
    return bytes(text)


async def _documents(body: _Body) -> AsyncIterator[object]:
    rest = b""
    async for chunk in body.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            yield json.loads(line)
        if len(rest) > LONGEST_LINE_BYTES:
            raise EngineSilent("The engine sent an event without end.")
