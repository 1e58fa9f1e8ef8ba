"""An engine of canned answers on the loopback, for tests of what stands above it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

GIB = 2**30
CREATED = 1767323045


@dataclass
class CannedEngine:
    """What it has; tests change it while it runs."""

    name: str
    engine_id: str = ""
    labels: tuple[str, ...] = ("rack=r1",)
    version: str = "20.10.24+dfsg1"
    cpus: int = 2
    memory_bytes: int = 24 * GIB
    containers: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    events: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    address: str = ""
    runner: web.AppRunner | None = None
    cpu_ns: int = 0

    def run(self, name: str, *, state: str = "running") -> str:
        """Add a container; returns its id."""
        container_id = uuid4().hex * 2
        self.containers.append(container(container_id, name, state=state))
        return container_id

    async def start(self, port: int = 0) -> None:
        """Listen, after a stop on the same port again."""
        app = web.Application()
        app.router.add_get("/{version}/info", self._info)
        app.router.add_get("/{version}/containers/json", self._list)
        app.router.add_get("/{version}/containers/{id}/json", self._inspect)
        app.router.add_get("/{version}/containers/{id}/stats", self._stats)
        app.router.add_get("/{version}/images/json", self._images)
        app.router.add_get("/{version}/events", self._events)
        self.runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        host, bound = self.runner.addresses[0][:2]
        self.address = f"{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _info(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "ID": self.engine_id or f"ID-{self.name}",
                "Name": self.name,
                "NCPU": self.cpus,
                "MemTotal": self.memory_bytes,
                "ServerVersion": self.version,
                "Labels": list(self.labels),
                "KernelVersion": "6.1.0",
                "OperatingSystem": "Debian GNU/Linux 12 (bookworm), long, life",
                "OSType": "linux",
                "Driver": "overlay2",
            }
        )

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self.containers)

    async def _images(self, _request: web.Request) -> web.Response:
        return web.json_response(self.images)

    async def _inspect(self, request: web.Request) -> web.Response:
        return web.json_response({"Id": request.match_info["id"], "State": {"Running": True}})

    async def _stats(self, request: web.Request) -> web.Response:
        """Newer calls with one-shot only, as an engine of 20.10 answers at once."""
        self.cpu_ns += 1_000_000
        return web.json_response(
            {
                "read": datetime.now(UTC).isoformat(),
                "cpu_stats": {
                    "cpu_usage": {"total_usage": self.cpu_ns},
                    "system_cpu_usage": self.cpu_ns * 10,
                    "online_cpus": self.cpus,
                },
                "memory_stats": {"usage": 5 * 2**20, "limit": self.memory_bytes, "stats": {}},
                "pids_stats": {"current": 1},
                "asked": request.path_qs,
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(json.dumps(await self.events.get()).encode() + b"\n")


def container(container_id: str, name: str, *, state: str = "running") -> dict[str, Any]:
    """A row of `/containers/json`."""
    return {
        "Id": container_id,
        "Names": [f"/{name}"],
        "Image": "team/app:1",
        "ImageID": "sha256:" + "ab" * 32,
        "Command": "sleep 600",
        "Created": CREATED,
        "Ports": [],
        "Labels": {"com.example.team": "red"},
        "State": state,
        "Status": "Up 9 minutes" if state == "running" else "Exited (0) 1 minute ago",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {"bridge": dict(NETWORK)}},
        "Mounts": [],
    }


NETWORK = {
    "IPAMConfig": None,
    "Links": None,
    "Aliases": None,
    "NetworkID": "",
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "172.17.0.2",
    "IPPrefixLen": 16,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "MacAddress": "",
    "DriverOpts": None,
}
IMAGE = {
    "Containers": -1,
    "Created": CREATED,
    "Id": "sha256:" + "ab" * 32,
    "Labels": None,
    "ParentId": "",
    "RepoDigests": [],
    "RepoTags": ["team/app:1"],
    "SharedSize": -1,
    "Size": 4096,
    "VirtualSize": 4096,
}


@asynccontextmanager
async def canned(*engines: CannedEngine) -> AsyncIterator[tuple[CannedEngine, ...]]:
    """Engines that listen until the block ends."""
    try:
        for engine in engines:
            await engine.start()
        yield engines
    finally:
        for engine in engines:
            await engine.stop()
