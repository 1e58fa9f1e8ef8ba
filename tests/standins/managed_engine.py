"""One engine in the eyes of the stand-in manager: refreshed in a loop, healthy until three questions in a row fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

FAILURES_TO_UNHEALTHY = 3
UNNAMED = "(unknown)"
API = "/v1.40"


@dataclass
class ManagedEngine:
    """What is known of it, and the loop that asks."""

    address: str
    base_url: str
    session: aiohttp.ClientSession
    refresh_s: float
    status: str = "Pending"
    error: str = ""
    failures: int = 0
    info: dict[str, Any] = field(default_factory=dict)
    containers: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Its host name, once it has answered."""
        return str(self.info.get("Name", UNNAMED))

    @property
    def is_healthy(self) -> bool:
        """Whether containers of it can be asked."""
        return self.status == "Healthy"

    @property
    def node(self) -> dict[str, Any]:
        """The part `Node` of an inspection."""
        return {
            "ID": f"{self.info.get('ID', '')}|{self.address}",
            "IP": self.address.rpartition(":")[0],
            "Addr": self.address,
            "Name": self.name,
            "Cpus": self.info.get("NCPU", 0),
            "Memory": self.info.get("MemTotal", 0),
            "Labels": self.labels,
        }

    @property
    def labels(self) -> dict[str, str]:
        """The engine's own, and those that a manager adds."""
        own = dict(line.partition("=")[::2] for line in self.info.get("Labels") or ())
        added = {
            "kernelversion": "KernelVersion",
            "operatingsystem": "OperatingSystem",
            "ostype": "OSType",
            "storagedriver": "Driver",
        }
        return own | {ours: str(self.info.get(theirs, "")) for ours, theirs in added.items()}

    def start(self) -> None:
        """Begin to ask."""
        self.task = asyncio.create_task(self._refresh_for_ever())

    async def stop(self) -> None:
        """End the loop."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def get(self, path: str) -> Any:
        """One answer of the engine."""
        async with self.session.get(f"{self.base_url}{API}{path}") as response:
            response.raise_for_status()
            return await response.json(content_type=None)

    async def _refresh_for_ever(self) -> None:
        while True:
            await self._refresh()
            await asyncio.sleep(self.refresh_s)

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(3):
                info = await self.get("/info")
                containers = await self.get("/containers/json?all=1")
                images = await self.get("/images/json")
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._failed()
            return
        self.info, self.containers, self.images = info, containers, images
        self.status, self.error, self.failures = "Healthy", "", 0
        self.updated_at = datetime.now(UTC)

    def _failed(self) -> None:
        self.failures += 1
        self.error = f"Cannot connect to the Docker daemon at tcp://{self.address}. Is the docker daemon running?"
        if self.failures >= FAILURES_TO_UNHEALTHY and self.info:
            self.status = "Unhealthy"

    def find(self, name: str) -> dict[str, Any] | None:
        """The container of this id, beginning of an id, name or node/name."""
        for container in self.containers:
            plain = container["Names"][0].removeprefix("/") if container["Names"] else ""
            is_named = name in {plain, f"{self.name}/{plain}"}
            if is_named or (len(name) >= 12 and container["Id"].startswith(name)):
                return container
        return None
