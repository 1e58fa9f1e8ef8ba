"""The processes beside the stream in its benchmark: browsers, and who publishes.

python -m bench.live_browsers browse SOCKET TOPIC KEYS
python -m bench.live_browsers publish TOPIC NODES
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def publish(topic: str, nodes: int) -> None:
    """Usage of a cluster whose nodes' figures move a little."""
    import django

    django.setup()
    from dce_portal import live

    chance = random.Random(1)
    cpu = [chance.uniform(0, 8) for _ in range(nodes)]
    next_s = time.monotonic()
    while True:
        moved = [i for i in range(nodes) if chance.random() < 0.3]
        for i in moved:
            cpu[i] = round(abs(cpu[i] + chance.gauss(0, 0.5)), 4)
        live.publish(topic, frame_of(cpu))
        next_s += 1.0
        time.sleep(max(next_s - time.monotonic(), 0))


def frame_of(cpu: Sequence[float]) -> dict[str, object]:
    """As the poll worker makes it."""
    share = [round(one / 16, 4) for one in cpu]
    nodes = {
        "ref": list(range(1, len(cpu) + 1)),
        "condition": ["ready"] * len(cpu),
        "cpu_cores": list(cpu),
        "memory_bytes": [2.0**33] * len(cpu),
        "cpu_share": share,
        "memory_share": [0.5] * len(cpu),
    }
    values = {"cpu_cores": sum(cpu), "memory_bytes": 2.0**33 * len(cpu), "pids": 900.0}
    limits = {"cpu_cores": 16 * len(cpu), "memory_bytes": 2**34 * len(cpu)}
    at = int(time.time())
    return {"type": "usage", "at": at, "values": values, "limits": limits, "nodes": nodes}


async def browse(socket: str, topic: str, keys: Sequence[str]) -> None:
    """Open a line for each browser session, then count when asked to."""
    counted = Counted()
    tasks = []
    for start in range(0, len(keys), 20):
        lines = [Line(socket, topic, key, counted) for key in keys[start : start + 20]]
        await asyncio.gather(*(line.open() for line in lines))
        tasks += [asyncio.create_task(line.read()) for line in lines]
    print("ready", flush=True)
    seconds = float(await asyncio.to_thread(sys.stdin.readline) or 0)
    counted.begin()
    await asyncio.sleep(seconds)
    print(json.dumps(counted.told()), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


class Counted:
    """Frames since a moment."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.begin()

    def begin(self) -> None:
        """From here on."""
        self.latencies_ms: list[float] = []
        self.bytes = 0

    def told(self) -> dict[str, object]:
        """What came."""
        return {"latencies_ms": self.latencies_ms, "bytes": self.bytes}


class Line:
    """A WebSocket that costs its process little: frames are cut from the stream by their length."""

    def __init__(self, socket: str, topic: str, key: str, counted: Counted) -> None:
        """Nothing is opened yet."""
        self.socket, self.topic, self.key, self.counted = socket, topic, key, counted

    async def open(self) -> None:
        """Shake hands, subscribe, wait for the snapshot."""
        self.reader, self.writer = await asyncio.open_unix_connection(self.socket)
        lines = [
            "GET /ws/live/ HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            f"Cookie: dce_session={self.key}",
        ]  # fmt: skip
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        if self.topic:
            self._send(json.dumps({"type": "subscribe", "topics": [self.topic]}).encode(), 0x81)
            while not (await self._message()).startswith(b'{"type":"snapshot"'):
                pass

    def _send(self, payload: bytes, opcode: int) -> None:
        size = bytes([0x80 | len(payload)])
        self.writer.write(bytes([opcode]) + size + b"\0\0\0\0" + payload)

    async def _message(self) -> bytes:
        while True:
            first, size = await self.reader.readexactly(2)
            if size >= 126:
                more = await self.reader.readexactly(2 if size == 126 else 8)
                size = int.from_bytes(more)
            payload = await self.reader.readexactly(size)
            if first == 0x81:
                return payload
            if first == 0x89:
                self._send(payload, 0x8A)
            elif first == 0x88:
                raise SystemExit(f"A line was closed: {payload!r}")

    async def read(self) -> None:
        """Note when each frame comes."""
        while True:
            message = await self._message()
            place = message.find(b'"sent":')
            if place >= 0:
                sent_ms = int(message[place + 7 : place + 20])
                self.counted.latencies_ms.append(time.time() * 1000 - sent_ms)
                self.counted.bytes += len(message)


def raise_limit() -> None:
    """Each socket is an open file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """As the arguments say."""
    raise_limit()
    kind, *given = sys.argv[1:]
    if kind == "browse":
        socket, topic, path = given
        asyncio.run(browse(socket, topic, json.loads(Path(path).read_text())))
    else:
        publish(given[0], int(given[1]))


if __name__ == "__main__":
    main()
