"""What acts in this app: takes in what a poll brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from apps.metrics import backends, frames, store, totals
from apps.metrics.collector import Collector, collector
from apps.metrics.measures import IDLE, Figures, total
from apps.metrics.models import MetricObject
from apps.metrics.store import Measurement
from apps.nodes.models import Node
from apps.nodes.ports import ContainerCounters, ContainerInfo
from apps.workloads.selectors import metered_containers
from dce_portal import live

log = structlog.get_logger(__name__)

# Clocks of engines differ a little from ours; a sample further ahead than this is refused.
CLOCK_AHEAD = timedelta(seconds=30)

Kind, Source = MetricObject.Kind, MetricObject.Source


def ingest_engine(
    *,
    node: Node,
    counters: Sequence[ContainerCounters],
    containers: Sequence[ContainerInfo],
    taken_at: datetime,
    memory: Collector = collector,
) -> None:
    """Store and publish the usage of one engine's containers, its node, their services and the cluster.

    Called by the poll worker after the poll's own changes are stored. A poll that says it
    comes from the future is refused. Frames go out after the commit.
    """
    if taken_at > timezone.now() + CLOCK_AHEAD:
        log.warning("samples_from_the_future_refused", node=str(node), taken_at=str(taken_at))
        return
    running = {one.native_id for one in containers if one.state != "exited"}
    figures = memory.container_figures(
        node.pk, [one for one in counters if one.container_id in running]
    )
    measured = _containers_of(node, figures, {one.container_id: one for one in counters})
    sum_of_containers = total(list(figures.values())) if running else IDLE
    measured.append(_node_of(node, sum_of_containers, memory))
    with transaction.atomic():
        _store(node, measured, taken_at=taken_at, memory=memory)


def _store(
    node: Node, measured: list[Measurement], *, taken_at: datetime, memory: Collector
) -> None:
    """Write the objects and close the minutes that are over, then the totals above them."""
    store.write(measured, owner=node.pk, at=taken_at, memory=memory.written)
    batch = frames.frames_of(measured, cluster=node.cluster, at=taken_at)
    transaction.on_commit(lambda: live.publish_many(batch))
    parts = PartsOf(
        services={one.service_ref for one in measured if one.service_ref},
        stacks={one.stack_ref for one in measured if one.stack_ref},
    )
    store_totals(node.pk, node.cluster_id, parts=parts, at=taken_at, memory=memory)


@dataclass(frozen=True, slots=True)
class PartsOf:
    """What a node's containers are parts of."""

    services: set[int] = field(default_factory=set)
    stacks: set[int] = field(default_factory=set)


def store_totals(
    node_pk: int,
    cluster_pk: int,
    *,
    parts: PartsOf,
    at: datetime,
    memory: Collector = collector,
) -> None:
    """Write and publish the totals of a node's services and stacks and of its cluster, those that are due."""
    at_s = int(at.timestamp())
    services = memory.take_due(Kind.SERVICE, parts.services, at_s)
    stacks = memory.take_due(Kind.STACK, parts.stacks, at_s)
    is_cluster_due = bool(memory.take_due(Kind.CLUSTER, [cluster_pk], at_s))
    if not (services or stacks or is_cluster_due):
        return
    node = Node.objects.select_related("cluster").get(pk=node_pk)
    above = totals.of_services(node, services, at=at) + totals.of_stacks(node, stacks, at=at)
    above += totals.of_cluster(node, at=at) if is_cluster_due else []
    store.write(above, owner=-cluster_pk, at=at, memory=memory.written)
    batch = frames.frames_of(above, cluster=node.cluster, at=at)
    transaction.on_commit(lambda: live.publish_many(batch))


def _containers_of(
    node: Node, figures: dict[str, Figures], counters: dict[str, ContainerCounters]
) -> list[Measurement]:
    """One measurement for each container that the portal has a row for."""
    rows = [row for row in metered_containers(node) if row[1] in figures]
    return [
        Measurement(
            kind=Kind.CONTAINER,
            ref=pk,
            label=name,
            source=Source.ENGINE,
            cluster_ref=node.cluster_id,
            node_ref=node.pk,
            service_ref=service_id,
            stack_ref=stack_id,
            cpu_limit_cores=cpu_limit or None,
            memory_limit_bytes=_memory_limit(node, counters[native_id]),
            figures=figures[native_id],
        )
        for pk, native_id, name, service_id, cpu_limit, stack_id in rows
    ]


def _memory_limit(node: Node, counters: ContainerCounters) -> float | None:
    """The engine reports the whole machine's memory where a container has no limit."""
    limit = counters.memory_limit_bytes
    unlimited = limit <= 0 or (node.memory_bytes and limit >= node.memory_bytes)
    return None if unlimited else float(limit)


def _node_of(node: Node, sum_of_containers: Figures, memory: Collector) -> Measurement:
    """The machine's own figures where the portal runs on it, else the sum of its containers."""
    own = memory.host_figures(node.pk, backends.host()) if _is_own_machine(node) else None
    return Measurement(
        kind=Kind.NODE,
        ref=node.pk,
        label=node.hostname,
        source=Source.CONTAINERS if own is None else Source.HOST,
        cluster_ref=node.cluster_id,
        cpu_limit_cores=node.cpu_count or None,
        memory_limit_bytes=float(node.memory_bytes) or None,
        figures=sum_of_containers if own is None else own,
    )


def _is_own_machine(node: Node) -> bool:
    """Several engines on one machine share its figures: then each counts its containers only."""
    endpoint = getattr(node, "endpoint", None)
    if endpoint is None or not endpoint.url.startswith("unix://"):
        return False
    here: Any = type(endpoint)._default_manager.filter(url__startswith="unix://")
    return bool(here.count() == 1)
