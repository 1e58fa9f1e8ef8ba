"""A connection to an engine that turns from HTTP into a line of bytes both ways (`Upgrade: tcp`).

aiohttp offers that to WebSockets only; h11 says where HTTP ends and hands over what came behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import h11
import orjson
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.http import CONNECT_TIMEOUT_S, EngineHttp, cause_of, keep_alive
from apps.nodes.adapters.engine.tls import tls_context
from apps.nodes.ports import EngineAddress
from dce_portal.errors import Unavailable

READ_BYTES = 16 * 1024
MOST_REFUSAL_BYTES = 64 * 1024
ANSWER_TIMEOUT_S = 20.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Tunnel:
    """The line once it stands; its reader holds back an engine that is faster than whoever reads."""

    def __init__(self, streams: Streams, first: bytes) -> None:
        """`first`: what came together with the answer."""
        self._reader, self._writer = streams
        self._first = first

    async def read(self) -> bytes:
        """The next bytes; nothing at the end, however it came."""
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send, at the pace of the other side; a line that has ended takes nothing more."""
        with suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def close(self) -> None:
        """End both directions at once: a proxy such as the agent's ends with the first half anyway."""
        await _close(self._writer)


async def open_tunnel(address: EngineAddress, path: str, *, body: Mapping[str, object]) -> Tunnel:
    """POST and have the connection turned; Unavailable with the engine's own words where it does not turn."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            streams = await _connect(address)
    except TimeoutError:
        raise _unavailable(address, _("it did not answer in time")) from None
    except (OSError, ValueError) as error:
        raise _unavailable(address, cause_of(error)) from error
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return Tunnel(streams, await _turn(address, streams, path, orjson.dumps(body)))
    except BaseException as error:
        await _close(streams[1])
        if isinstance(error, TimeoutError):
            raise _unavailable(address, _("it did not answer in time")) from None
        if isinstance(error, OSError | h11.RemoteProtocolError):
            raise _unavailable(address, cause_of(error)) from error
        raise


async def _connect(address: EngineAddress) -> Streams:
    parts = urlsplit(address.url)
    if parts.scheme == "unix":
        return await asyncio.open_unix_connection(parts.path)
    tls = None if address.tls is None else tls_context(address.tls)
    name = (address.server_name or parts.hostname or "") if tls else None
    streams = await asyncio.open_connection(
        parts.hostname, parts.port, ssl=tls, server_hostname=name
    )
    keep_alive(streams[1].transport)
    return streams


async def _turn(address: EngineAddress, streams: Streams, path: str, body: bytes) -> bytes:
    reader, writer = streams
    http = h11.Connection(h11.CLIENT)
    head = [
        ("Host", "engine"),
        ("Connection", "Upgrade"),
        ("Upgrade", "tcp"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
    ]
    for event in (
        h11.Request(method="POST", target=path, headers=head),
        h11.Data(data=body),
        h11.EndOfMessage(),
    ):
        writer.write(http.send(event) or b"")
    await writer.drain()
    return await _answer(address, reader, http, path)


async def _answer(
    address: EngineAddress, reader: asyncio.StreamReader, http: h11.Connection, path: str
) -> bytes:
    """What follows the 101; every other answer is a refusal."""
    status, said = 0, bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(READ_BYTES))
        elif isinstance(event, h11.InformationalResponse) and event.status_code == 101:
            return bytes(http.trailing_data[0])
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data) and len(said) < MOST_REFUSAL_BYTES:
            said += event.data
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            raise EngineHttp(address).refusal(status, path, bytes(said))


def _unavailable(address: EngineAddress, cause: str) -> Unavailable:
    return Unavailable(
        _("The engine at %(url)s cannot be asked: %(cause)s.")
        % {"url": address.url, "cause": cause.rstrip(".")}
    )


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
