"""The questions to a standalone Swarm's managers and to its key store."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.utils import timezone

from apps.metrics import services as usage
from apps.nodes import backends, services
from apps.nodes.models import Node
from apps.nodes.polling.asking import Asker
from apps.nodes.polling.waiting import InDatabase, in_time
from apps.nodes.ports.standalone import (
    DiscoveryPort,
    NodePart,
    NoPrimary,
    StandalonePort,
    StandaloneSnapshot,
)
from apps.nodes.selectors import PollTarget
from dce_portal.errors import PortalError

log = structlog.get_logger(__name__)

DISCOVERY_EVERY_S = 30.0


def standalone_asker_of(target: PollTarget, *, in_database: InDatabase) -> Asker | None:
    """The asker for a target of a standalone Swarm; None for any other."""
    if target.kind == "standalone":
        port = backends.standalone_port(target.addresses)
        return StandaloneAsker(target.pk, port, in_database)
    if target.kind == "discovery":
        store = backends.discovery_port(target.addresses[0])
        return DiscoveryAsker(target.pk, store, in_database)
    return None


class StandaloneAsker:
    """Asks a standalone Swarm's managers for its nodes and for all that runs on them."""

    def __init__(self, pk: int, port: StandalonePort, in_database: InDatabase) -> None:
        """Take the cluster's row, its port and the way to the database."""
        self._pk, self._port, self._in_database = pk, port, in_database

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask and apply; while the managers choose a primary the usual pace is kept, since that is over soon."""
        asked_at = timezone.now()
        try:
            snapshot = await in_time(self._port.read(with_images=with_images))
        except PortalError as error:
            reason, managers = error.message, self._port.managers
            await self._in_database(
                lambda: services.standalone_poll_failed(
                    self._pk, reason=reason, asked_at=asked_at, managers=managers
                )
            )
            return isinstance(error, NoPrimary)
        await self._in_database(lambda: apply_standalone(self._pk, snapshot))
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._port.close()


class DiscoveryAsker:
    """Asks a key store now and then; it changes slowly, and a member that hangs delays no poll of the nodes."""

    def __init__(
        self,
        pk: int,
        port: DiscoveryPort,
        in_database: InDatabase,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the cluster's row, its key store and the way to the database."""
        self._pk, self._port, self._in_database = pk, port, in_database
        self._clock, self._due_at_s = clock, float("-inf")

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        """Ask when half a minute has passed; what does not answer is part of what is kept."""
        if self._clock() < self._due_at_s:
            return True
        snapshot = await in_time(self._port.read())
        await self._in_database(lambda: services.keep_discovery(self._pk, snapshot=snapshot))
        self._due_at_s = self._clock() + DISCOVERY_EVERY_S
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._port.close()


def apply_standalone(cluster_id: int, snapshot: StandaloneSnapshot) -> None:
    """Write the mirror, then hand each ready node's counters to the usage figures."""
    for node, part in services.apply_standalone_snapshot(cluster_id, snapshot=snapshot):
        ingest_part(node, part, snapshot)


def ingest_part(node: Node, part: NodePart, snapshot: StandaloneSnapshot) -> None:
    """One node's figures, as if its engine had been asked."""
    if part.missed:
        log.warning("counters_missed", node=str(node), containers=len(part.missed))
    usage.ingest_engine(
        node=node,
        counters=part.counters,
        containers=part.containers,
        taken_at=snapshot.cluster.taken_at,
    )
