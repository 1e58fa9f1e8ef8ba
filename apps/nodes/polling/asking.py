"""One question to one target: ask the outside, then hand the answer or the reason to the services."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog
from django.utils import timezone

from apps.metrics import services as usage
from apps.nodes import backends, services
from apps.nodes.polling.agents import AgentAsker, AgentBatch
from apps.nodes.polling.waiting import InDatabase, in_time
from apps.nodes.ports import ClusterPort, EnginePort, EngineSnapshot
from apps.nodes.ports.swarm import NoLeader, SwarmLocked
from apps.nodes.selectors import PollTarget
from dce_portal.errors import PortalError
from dce_portal.figures import count_dropped

log = structlog.get_logger(__name__)

Hurry = Callable[[int], None]
"""Makes the engine at an address due at once."""


class Asker(Protocol):
    """Keeps a target's connections and asks it once at a time."""

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask and apply; False when the target did not answer, which has been noted then."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def asker_of(
    target: PollTarget, *, in_database: InDatabase, hurry: Hurry, batch: AgentBatch
) -> Asker:
    """The asker for a kind of target."""
    if target.kind == "agent":
        port = backends.agent_port(target.addresses[0])
        return AgentAsker(target.pk, port, in_database, batch)
    if target.kind == "cluster":
        swarm = backends.swarm_port(target.addresses)
        return ClusterAsker(target.pk, swarm, in_database, hurry)
    return EngineAsker(target.pk, backends.engine_port(target.addresses[0]), in_database)


class ClusterAsker:
    """Asks a Swarm's managers."""

    def __init__(self, pk: int, port: ClusterPort, in_database: InDatabase, hurry: Hurry) -> None:
        """Take the cluster's row, its port, the way to the database and the one to its engines."""
        self._pk, self._port, self._in_database, self._hurry = pk, port, in_database, hurry

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask for nodes, services and tasks; a manager knows no images."""
        asked_at = timezone.now()
        try:
            snapshot = await in_time(self._port.snapshot())
        except PortalError as error:
            failed = partial(
                services.cluster_poll_failed,
                self._pk,
                reason=error.message,
                asked_at=asked_at,
                condition=condition_of(error),
            )
            await self._in_database(failed)
            return False
        for endpoint_pk in await self._in_database(
            lambda: services.apply_cluster_snapshot(self._pk, snapshot=snapshot)
        ):
            self._hurry(endpoint_pk)
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._port.close()


class EngineAsker:
    """Asks one engine."""

    def __init__(self, pk: int, port: EnginePort, in_database: InDatabase) -> None:
        """Take the address's row, its port and the way to the database."""
        self._pk, self._port, self._in_database = pk, port, in_database

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask for containers, counters and now and then images."""
        asked_at = timezone.now()
        try:
            snapshot = await in_time(self._port.snapshot(with_images=with_images))
        except PortalError as error:
            failed = partial(
                services.engine_poll_failed,
                self._pk,
                reason=error.message,
                asked_at=asked_at,
                condition=condition_of(error),
            )
            await self._in_database(failed)
            return False
        await self._in_database(lambda: apply_engine(self._pk, snapshot))
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._port.close()


def condition_of(error: PortalError) -> str:
    """The trouble's name where it has one of its own."""
    return error.code if isinstance(error, NoLeader | SwarmLocked) else ""


def apply_engine(endpoint_id: int, snapshot: EngineSnapshot) -> None:
    """Write the mirror, then hand the counters to the usage figures."""
    node = services.apply_engine_snapshot(endpoint_id, snapshot=snapshot)
    if snapshot.missed:
        log.warning("counters_missed", endpoint=endpoint_id, containers=len(snapshot.missed))
        count_dropped("engine", len(snapshot.missed))
    if node is not None:
        usage.ingest_engine(
            node=node,
            counters=snapshot.counters,
            containers=snapshot.containers,
            taken_at=snapshot.taken_at,
        )
