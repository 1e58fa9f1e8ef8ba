"""One question to one target: ask the outside, then hand the answer or the reason to the services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.metrics import services as usage
from apps.nodes import backends, services
from apps.nodes.ports import ClusterPort, EnginePort, EngineSnapshot
from apps.nodes.selectors import PollTarget
from apps.nodes.swarm_ports import NoLeader, SwarmLocked
from dce_portal.errors import PortalError, Unavailable

log = structlog.get_logger(__name__)

ANSWER_TIMEOUT_S = 30.0


class InDatabase(Protocol):
    """Runs a blocking function in the thread that keeps the database connection."""

    async def __call__[Result](self, work: Callable[[], Result]) -> Result:
        """The function's own result."""
        ...


Hurry = Callable[[int], None]
"""Makes the engine at an address due at once."""


class Asker(Protocol):
    """Keeps a target's connections and asks it once at a time."""

    async def ask(self, *, with_images: bool) -> bool:
        """Ask and apply; False when the target did not answer, which has been noted then."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def asker_of(target: PollTarget, *, in_database: InDatabase, hurry: Hurry) -> Asker:
    """The asker for a kind of target."""
    if target.kind == "cluster":
        port = backends.swarm_port(target.addresses)
        return ClusterAsker(target.pk, port, in_database, hurry)
    return EngineAsker(target.pk, backends.engine_port(target.addresses[0]), in_database)


class ClusterAsker:
    """Asks a Swarm's managers."""

    def __init__(self, pk: int, port: ClusterPort, in_database: InDatabase, hurry: Hurry) -> None:
        """Take the cluster's row, its port, the way to the database and the one to its engines."""
        self._pk, self._port, self._in_database, self._hurry = pk, port, in_database, hurry

    async def ask(self, *, with_images: bool) -> bool:
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

    async def ask(self, *, with_images: bool) -> bool:
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


async def in_time[Answer](question: Awaitable[Answer]) -> Answer:
    """The answer, or Unavailable when it takes longer than any healthy engine does."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await question
    except TimeoutError:
        limit_s = int(ANSWER_TIMEOUT_S)
        raise Unavailable(
            _("The answer was not complete after %(limit)s seconds.") % {"limit": limit_s}
        ) from None


def apply_engine(endpoint_id: int, snapshot: EngineSnapshot) -> None:
    """Write the mirror, then hand the counters to the usage figures."""
    node = services.apply_engine_snapshot(endpoint_id, snapshot=snapshot)
    if snapshot.missed:
        log.warning("counters_missed", endpoint=endpoint_id, containers=len(snapshot.missed))
    if node is not None:
        usage.ingest_engine(
            node=node,
            counters=snapshot.counters,
            containers=snapshot.containers,
            taken_at=snapshot.taken_at,
        )
