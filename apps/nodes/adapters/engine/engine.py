"""One engine over its API: who it is, its containers, their counters, its images."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.engine_json import containers_of, identity_of, images_of
from apps.nodes.adapters.engine.http import EngineHttp
from apps.nodes.adapters.engine.stats_json import counters_of
from apps.nodes.ports import (
    ContainerCounters,
    ContainerInfo,
    EngineAddress,
    EngineIdentity,
    EngineSnapshot,
)
from dce_portal.errors import NotFound, PortalError

STATS_TIMEOUT_S = 4.0
FIRST_QUICK_ENGINE = 25
STATS_AT_ONCE = 8
STATS_AT_ONCE_BEFORE_25 = 512
HAS_COUNTERS = frozenset({"running", "paused"})

Reading = tuple[ContainerInfo, ContainerCounters | str | None]


class Engine:
    """The EnginePort over HTTP."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self.address = address
        self._http = EngineHttp(address)

    async def identity(self) -> EngineIdentity:
        """Ask who answers here."""
        raw = await self._http.get("/info")
        return identity_of(raw, api_version=self._http.api_version)

    async def snapshot(self, *, with_images: bool) -> EngineSnapshot:
        """Read containers, their counters, and images where asked."""
        identity = await self.identity()
        containers = containers_of(await self._http.get("/containers/json", all="1"))
        images = images_of(await self._http.get("/images/json")) if with_images else None
        readings = await self._readings(identity, containers)
        return EngineSnapshot(
            identity=identity,
            taken_at=timezone.now(),
            containers=containers,
            counters=tuple(found for _c, found in readings if isinstance(found, ContainerCounters)),
            images=images,
            missed={c.native_id: found for c, found in readings if isinstance(found, str)},
        )

    async def leave(self) -> None:
        """Leave the Swarm; an engine in none has nothing to leave."""
        if (await self.identity()).swarm is not None:
            await self._http.post("/swarm/leave", params={"force": "0"}, body=None)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _readings(
        self, identity: EngineIdentity, containers: Sequence[ContainerInfo]
    ) -> list[Reading]:
        gate = asyncio.Semaphore(stats_at_once(identity.engine_version))
        running = [item for item in containers if item.state in HAS_COUNTERS]
        return await asyncio.gather(*(self._reading(item, gate) for item in running))

    async def _reading(self, container: ContainerInfo, gate: asyncio.Semaphore) -> Reading:
        """Counters, None for one that just went, or the sentence that says why there are none."""
        path = f"/containers/{container.native_id}/stats"
        async with gate:
            try:
                async with asyncio.timeout(STATS_TIMEOUT_S):
                    raw = await self._http.get(path, stream="0", **{"one-shot": "1"})
                return container, counters_of(raw, container_id=container.native_id)
            except NotFound:
                return container, None
            except TimeoutError:
                return container, _("The engine did not give its figures in time.")
            except PortalError as error:
                return container, error.message


def stats_at_once(engine_version: str) -> int:
    """Engines before 25 answer all callers at their next one-second tick; newer ones answer each at once."""
    major = engine_version.partition(".")[0]
    is_old = major.isascii() and major.isdigit() and int(major) < FIRST_QUICK_ENGINE
    return STATS_AT_ONCE_BEFORE_25 if is_old else STATS_AT_ONCE
