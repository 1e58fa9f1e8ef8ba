"""Stand-in agents for the polling benchmark: a thousand addresses of this machine, one process.

    python -m bench.agents FOLDER COUNT CONTAINERS PORT

FOLDER has server.pem (certificate and key) and ca.pem. Each agent listens on an address of
its own in 127.0.0.0/8, asks for the controller's certificate, and makes a tick every five
seconds. What was asked is told in plain HTTP at 127.0.0.1:PORT+1.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from array import array
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import nan
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "agent"))

from dce_agent.answer import samples_answer
from dce_agent.rates import Table
from dce_agent.ring import Slice, Tick
from dce_agent.schema import SCHEMAS

INTERVAL_S = 5.0
MOST_TICKS = 12
KEYS = {"host": [""], "filesystems": ["/"], "disks": ["sda"], "interfaces": ["eth0"]}


def address_of(number: int) -> str:
    """The loopback address of an agent."""
    return f"127.77.{number // 250}.{number % 250 + 1}"


@dataclass(slots=True)
class StandIn:
    """One agent: what it has, and when it was asked."""

    number: int
    containers: int
    phase_s: float
    asked_at_s: list[float] = field(default_factory=list)
    ticks_told: int = 0
    is_known: bool = False
    """Whether it was asked with a cursor of its own."""

    def ids(self) -> list[str]:
        """Its containers."""
        return [f"{self.number:08x}{i:056x}" for i in range(self.containers)]

    def answer(self, since: str) -> bytes:
        """What is new since a cursor."""
        now_s = time.time()
        last = int((now_s - self.phase_s) // INTERVAL_S)
        boot, _colon, text = since.partition(":")
        self.is_known = boot == "b"
        seen = int(text) if self.is_known else last - 1
        count = max(min(last - seen, MOST_TICKS), 0)
        self.ticks_told += count
        head = self._head(now_s, seen=seen, last=seen + count, is_new=not self.is_known)
        body = head + template(count, self.containers)
        return body.replace(b"container-", b"%08x" % self.number + b"0" * 46)

    def _head(self, now_s: float, *, seen: int, last: int, is_new: bool) -> bytes:
        ticks = [self.phase_s + n * INTERVAL_S for n in range(seen + 1, last + 1)]
        head = {
            "version": 1,
            "cursor": f"b:{last}",
            "reset": is_new,
            "more": False,
            "now_unix_ms": int(now_s * 1000),
            "interval_s": INTERVAL_S,
            "node": {
                "hostname": f"node-{self.number}",
                "kernel": "6.12.0",
                "cpus": 8,
                "cgroup_version": 2,
                "agent_version": "0.1.0",
                "swarm_certificate_not_after_unix_s": None,
            },
            "engine": {"answers": True, "reason": "", "since_unix_ms": 0, "info": self._info()},
            "ticks": {
                "at_unix_ms": [int(at_s * 1000) for at_s in ticks],
                "interval_ms": [int(INTERVAL_S * 1000)] * len(ticks),
            },
        }
        if is_new:
            head["lists"] = {"number": 0, "containers": self._list(), "images": []}
        return json.dumps(head).encode()[:-1] + b","

    def _info(self) -> dict[str, object]:
        return {
            "ID": f"ENGINE-{self.number}",
            "Name": f"node-{self.number}",
            "ServerVersion": "28.0.1",
            "ApiVersion": "1.48",
            "OSType": "linux",
            "Architecture": "x86_64",
            "NCPU": 8,
            "MemTotal": 2**34,
            "Labels": [],
            "Swarm": {"LocalNodeState": "inactive"},
        }

    def _list(self) -> list[dict[str, object]]:
        return [
            {
                "Id": f"container-{i:010d}",
                "Names": [f"/app-{i}"],
                "Image": "registry.example/team/app:1",
                "ImageID": "sha256:" + "0" * 64,
                "Command": "/app",
                "Created": 1_790_000_000,
                "State": "running",
                "Status": "Up 2 hours",
                "Labels": {"com.example.team": "one", "com.example.stage": "production"},
                "Ports": [],
                "NetworkSettings": {"Networks": {"bridge": {}}},
            }
            for i in range(self.containers)
        ]


@cache
def template(ticks: int, containers: int) -> bytes:
    """The tables and changes of an answer with so many ticks, as the agent itself writes them."""
    keys = {**KEYS, "containers": [f"container-{i:010d}" for i in range(containers)]}
    entries = tuple(
        Tick(n, 0, 0, {s.name: _table(s, keys.get(s.name, []), n) for s in SCHEMAS})
        for n in range(ticks)
    )
    whole = samples_answer(
        Slice(cursor="", first_number=1, entries=entries, reset=False, more=False),
        about={},
        lists={},
    )
    return whole[whole.index(b'"tables"') :]


def _table(schema, keys: list[str], tick: int) -> Table:
    values = array("d")
    for row in range(len(keys)):
        for number, column in enumerate(schema.columns):
            is_ratio = column.name.endswith("_ratio")
            # Of ten containers, nine are never held back by their limit.
            is_gap = column.name.endswith("_limit") or ("throttled" in column.name and row % 10)
            value = 0.1 + number / 1000 if is_ratio else 1000.25 * (row + number + tick)
            values.append(nan if is_gap else value)
    return Table(tuple(keys), values)


class Stand:
    """All stand-ins, and the server in front of them."""

    def __init__(self, count: int, containers: int) -> None:
        """Spread their ticks over the interval."""
        base_s = time.time() // INTERVAL_S * INTERVAL_S
        self.agents = {
            address_of(n): StandIn(n, containers, base_s + INTERVAL_S * n / count)
            for n in range(count)
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on a connection until it ends."""
        agent = self.agents[writer.get_extra_info("sockname")[0]]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = head.split(b" ", 2)[1].decode()
                since = target.partition("since=")[2].partition("&")[0].replace("%3A", ":")
                agent.asked_at_s.append(time.monotonic())
                body = agent.answer(since)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say what was asked since the last such question; at `/anew` nobody is known from here on."""
        head = await reader.readuntil(b"\r\n\r\n")
        for agent in self._all() if b"/anew" in head else ():
            agent.is_known = False
        now_s = time.monotonic()
        body = json.dumps(
            {
                "ages_s": [now_s - a.asked_at_s[-1] if a.asked_at_s else None for a in self._all()],
                "gaps_s": [_longest_gap(a.asked_at_s) for a in self._all()],
                "known": sum(agent.is_known for agent in self._all()),
                "polls": sum(len(agent.asked_at_s) for agent in self._all()),
                "ticks": sum(agent.ticks_told for agent in self._all()),
            }
        ).encode()
        for agent in self._all():
            agent.ticks_told = 0
            del agent.asked_at_s[:-1]
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    def _all(self) -> list[StandIn]:
        return list(self.agents.values())


def _longest_gap(moments_s: list[float]) -> float:
    return max((later - earlier for earlier, later in pairwise(moments_s)), default=0.0)


async def main(folder: Path, count: int, containers: int, port: int) -> None:
    """Listen until ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    stand = Stand(count, containers)
    hosts = list(stand.agents)
    agents = await asyncio.start_server(stand.serve, hosts, port, ssl=context, backlog=1024)
    teller = await asyncio.start_server(stand.tell, "127.0.0.1", port + 1)
    print("ready", flush=True)
    async with agents, teller:
        await asyncio.gather(agents.serve_forever(), teller.serve_forever())


if __name__ == "__main__":
    place, *numbers = sys.argv[1:]
    asyncio.run(main(Path(place), *map(int, numbers)))
