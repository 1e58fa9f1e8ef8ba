"""An agent's TLS door on loopback, with whatever certificate a test gives it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dce_portal.authority.certificates import (
    SERVER_AUTH,
    Issuer,
    Wish,
    certificate_pem,
    fingerprint,
    key_pem,
    leaf_certificate,
    new_key,
    utc_now,
)
from tests import servers
from tests.plugins.authority import AGENT

KEPT = {"name": AGENT, "serial_hex": "0A", "not_after_unix_s": 1_900_000_000, "authorities": ["AB"]}


@dataclass(slots=True)
class TlsAgent:
    """Where it listens, what it shows, and which requests came through."""

    certificate: Path
    key: Path
    authorities: Path
    fingerprint: str
    url: str = ""
    seen: list[str] = field(default_factory=list)
    answer: tuple[str, object] = ("200 OK", KEPT)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.seen.append(" ".join(head.split(" ", 2)[:2]))
            status, body = self.answer
            content = b"" if body is None else json.dumps(body).encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode())
            writer.write(content)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def certified(
    folder: Path, by: Issuer, *, authorities: Path, name: str = AGENT, now: datetime | None = None
) -> TlsAgent:
    """An agent with a certificate of this CA, made at that moment."""
    key, wish = new_key(), Wish(name, (name,), SERVER_AUTH, 90)
    made = leaf_certificate(wish, public_key=key.public_key(), by=by, now=now or utc_now())
    paths = folder / "agent.pem", folder / "agent.key"
    paths[0].write_bytes(certificate_pem(made))
    paths[1].write_bytes(key_pem(key))
    return TlsAgent(*paths, authorities, fingerprint(made))


@asynccontextmanager
async def listening(agent: TlsAgent) -> AsyncIterator[TlsAgent]:
    """The agent behind its door, which only the controller's certificate opens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(agent.certificate, agent.key)
    context.load_verify_locations(agent.authorities)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(agent.serve, "127.0.0.1", 0, ssl=context)
    agent.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield agent
    finally:
        await servers.end(server)
