"""A stand-in engine on a unix socket that can lie, hang and break off; and the agent beside it."""

import asyncio
import json
from contextlib import suppress

import pytest


class Heard:
    """What something has told, in order, for a test to wait for."""

    def __init__(self):
        self.told = []
        self._news = asyncio.Event()

    def hear(self, item):
        self.told.append(item)
        self._news.set()

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not any(condition(item) for item in self.told):
                self._news.clear()
                await self._news.wait()


class StandInEngine:
    """Answers the agent's four calls from what the test has put in."""

    def __init__(self, path):
        self.path = str(path)
        self.containers, self.images = [], []
        self.info = {"ID": "E1", "Name": "node", "ServerVersion": "27.0.1", "Swarm": {}}
        self.raw = {}
        self.hung = False
        self.asked = Heard()
        self._streams, self._held = [], []

    async def start(self):
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self):
        self._server.close()
        self.break_streams()
        for writer in self._held:
            writer.close()

    def emit(self, action, container, *, at_ns, **attributes):
        actor = {"ID": container, "Attributes": attributes}
        event = {"Type": "container", "Action": action, "Actor": actor, "timeNano": at_ns}
        self.send(json.dumps(event).encode() + b"\n")

    def send(self, text):
        for writer in self._streams:
            writer.write(b"%x\r\n%s\r\n" % (len(text), text))

    def break_streams(self):
        for writer in self._streams:
            writer.close()
        self._streams.clear()

    async def _serve(self, reader, writer):
        target = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        await self._respond(target.partition("?")[0], writer)
        self.asked.hear(target)

    async def _respond(self, path, writer):
        if self.hung:
            self._held.append(writer)
        elif path == "/events":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            self._streams.append(writer)
        else:
            writer.write(self.raw.get(path) or self._document(path))
            with suppress(ConnectionError):
                await writer.drain()
            writer.close()

    def _document(self, path):
        documents = {
            "/containers/json": self.containers,
            "/images/json": self.images,
            "/info": self.info,
            "/version": {"ApiVersion": "1.46"},
        }
        body = json.dumps(documents.get(path, "OK")).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
async def engine(tmp_path):
    stand_in = StandInEngine(tmp_path / "docker.sock")
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def heard():
    return Heard
