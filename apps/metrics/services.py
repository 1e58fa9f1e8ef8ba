"""What acts in this app: takes in what a poll brought, and drops what is old."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from apps.metrics import backends, frames, store, totals
from apps.metrics.collector import Collector, collector
from apps.metrics.measures import IDLE, Figures, total
from apps.metrics.models import MetricObject, MinuteSample, Sample
from apps.metrics.rollup import minute_of
from apps.metrics.store import Measurement
from apps.nodes.models import Node
from apps.nodes.ports import ContainerCounters, ContainerInfo
from dce_portal import live
from dce_portal.figures import count_dropped

log = structlog.get_logger(__name__)

KEEP_RAW = timedelta(hours=48)
KEEP_MINUTES = timedelta(days=7)
FORGET_OBJECTS = timedelta(days=8)
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
        count_dropped("time", len(counters))
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
    _close_minutes(store.write(measured, at=taken_at), at=taken_at, memory=memory)
    batch = frames.frames_of(measured, cluster=node.cluster, at=taken_at)
    transaction.on_commit(lambda: live.publish_many(batch))
    services = {one.service_ref for one in measured if one.service_ref}
    store_totals(node.pk, node.cluster_id, services=services, at=taken_at, memory=memory)


def store_totals(
    node_pk: int,
    cluster_pk: int,
    *,
    services: Collection[int],
    at: datetime,
    memory: Collector = collector,
) -> None:
    """Write and publish the totals of a node's services and of its cluster, those of them that are due."""
    at_s = int(at.timestamp())
    due = memory.take_due(Kind.SERVICE, services, at_s)
    is_cluster_due = bool(memory.take_due(Kind.CLUSTER, [cluster_pk], at_s))
    if not (due or is_cluster_due):
        return
    node = Node.objects.select_related("cluster").get(pk=node_pk)
    above = totals.of_services(node, due, at=at)
    above += totals.of_cluster(node, at=at) if is_cluster_due else []
    _close_minutes(store.write(above, at=at), at=at, memory=memory)
    batch = frames.frames_of(above, cluster=node.cluster, at=at)
    transaction.on_commit(lambda: live.publish_many(batch))


def _close_minutes(rows: Sequence[MetricObject], *, at: datetime, memory: Collector) -> None:
    minute_s = minute_of(int(at.timestamp()))
    over = memory.turn_minute([row.pk for row in rows], minute_s)
    store.close_minutes(over, now_minute_s=minute_s)


def _containers_of(
    node: Node, figures: dict[str, Figures], counters: dict[str, ContainerCounters]
) -> list[Measurement]:
    """One measurement for each container that the portal has a row for."""
    rows = node.containers.filter(native_id__in=figures).values_list(
        "pk", "native_id", "name", "service_id", "service__cpu_limit"
    )
    return [
        Measurement(
            kind=Kind.CONTAINER,
            ref=pk,
            label=name,
            source=Source.ENGINE,
            cluster_ref=node.cluster_id,
            node_ref=node.pk,
            service_ref=service_id,
            cpu_limit_cores=cpu_limit or None,
            memory_limit_bytes=_memory_limit(node, counters[native_id]),
            figures=figures[native_id],
        )
        for pk, native_id, name, service_id, cpu_limit in rows
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


def drop_old_samples(*, now: datetime | None = None) -> dict[str, int]:
    """Drop raw rows after two days, minutes after a week, and objects that are gone as long."""
    now = now or timezone.now()
    dropped = {
        "raw": store.drop_before(Sample, "at_s", int((now - KEEP_RAW).timestamp())),
        "minutes": store.drop_before(
            MinuteSample, "minute_s", int((now - KEEP_MINUTES).timestamp())
        ),
    }
    gone = MetricObject.objects.filter(last_sample_at__lt=now - FORGET_OBJECTS)
    dropped["objects"] = gone.delete()[1].get("metrics.MetricObject", 0)
    return dropped
