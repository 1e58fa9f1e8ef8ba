"""Sockets of logs and consoles over programs in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from apps.accounts.models import User
from apps.nodes.adapters.fakes.streams import FakeConsoles, FakeLogs, FakeProgram, FakeStreams
from apps.workloads.consumers import console, logs
from apps.workloads.streams import texts
from dce_portal.asgi import application
from tests.websocket import WebSocketClient


def faked(monkeypatch: pytest.MonkeyPatch) -> FakeStreams:
    """Every port leads here."""
    world = FakeStreams()
    for module in (logs, texts):
        monkeypatch.setattr(module, "logs_at", lambda *_, **__: FakeLogs(world))
    monkeypatch.setattr(console, "consoles_at", lambda *_, **__: FakeConsoles(world))
    return world


def program_of(world: FakeStreams, native_id: str, *texts_: str) -> FakeProgram:
    """A running program that wrote these lines."""
    program = world.programs[native_id] = FakeProgram(shells=("/bin/sh", "sh"))
    program.write(*texts_)
    return program


def cookie_of(person: User) -> str:
    browser = Client()
    browser.force_login(person)
    return f"dce_session={browser.cookies['dce_session'].value}"


class Socket(WebSocketClient):
    """With what these lines say."""

    async def say(self, kind: str, **more: Any) -> None:
        await self.send_text(json.dumps({"type": kind, **more}))

    async def type(self, data: bytes) -> None:
        await self.send_input({"type": "websocket.receive", "bytes": data})

    async def hear(self) -> dict[str, Any]:
        """The next message of JSON."""
        return dict(json.loads(await self.receive_text()))

    async def output(self, wanted: bytes) -> bytes:
        """What a console prints until this is in it."""
        found = b""
        while wanted not in found:
            answer = await self.receive_output(30)
            found += answer.get("bytes") or b""
        return found

    async def end(self) -> tuple[dict[str, Any], int]:
        """The last message and the closing code; what comes before is let pass."""
        said: dict[str, Any] = {}
        while (answer := await self.receive_output(30))["type"] != "websocket.close":
            if answer.get("text"):
                said = dict(json.loads(answer["text"]))
        return said, int(answer["code"])


@asynccontextmanager
async def socket(
    path: str, person: User | None, *, origin: str = "http://portal.test", language: str = ""
) -> AsyncIterator[Socket]:
    """A page's line."""
    cookie = await sync_to_async(cookie_of)(person) if person else ""
    headers = [(b"host", b"portal.test"), (b"cookie", cookie.encode())]
    headers += [(b"origin", origin.encode()), (b"x-real-ip", b"192.0.2.7")]
    headers += [(b"accept-language", language.encode())] if language else []
    line = Socket(application, path, headers=headers)
    try:
        yield line
    finally:
        await line.disconnect()
