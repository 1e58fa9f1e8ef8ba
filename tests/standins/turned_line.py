"""What a manager does with a call that turns its connection (`Upgrade: tcp`): bytes both ways, unread."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from aiohttp import web


class _Sent:
    """Takes what the client sends once its connection has turned."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._writer.write(data)
        return False, b""

    def feed_eof(self) -> None:
        self._writer.close()


class _Said(web.Response):
    """An answer that is out already."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing is written by aiohttp."""

    async def write_eof(self, data: bytes = b"") -> None:
        """As above."""


async def carry(request: web.Request, url: str, *, tls: ssl.SSLContext | None) -> web.Response:
    """Send the call on, then everything in both directions until the engine ends it."""
    parts = urlsplit(url)
    body = await request.read()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    request.protocol.set_parser(_Sent(writer))
    try:
        while data := await reader.read(64 * 1024):
            if request.transport is None:
                break
            request.transport.write(data)
    finally:
        writer.close()
        if request.transport is not None:
            request.transport.close()
    return _Said()
