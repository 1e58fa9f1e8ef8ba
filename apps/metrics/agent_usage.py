"""Takes in what agents' answers say of usage: several nodes at once, every tick at its own time.

Ticks that come late, after a cut or a restart, enter the tables where they belong, and
their minutes are summed up again; ticks that come twice change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from apps.metrics import agent_ticks, bulk, store
from apps.metrics.agent_frames import publish_on_commit
from apps.metrics.agent_rows import AgentUsage, NodeRows
from apps.metrics.agent_ticks import Row
from apps.metrics.bulk import Stored
from apps.metrics.measures import MEASURES, Figures
from apps.metrics.minutes import OpenMinutes, open_minutes
from apps.metrics.models import MetricObject
from apps.metrics.object_keys import ObjectKeys, object_keys
from apps.metrics.services import CLOCK_AHEAD, store_totals
from apps.metrics.store import Measurement

Kind, Source = MetricObject.Kind, MetricObject.Source


def ingest_agents(
    usages: Sequence[AgentUsage],
    *,
    now: datetime,
    keys: ObjectKeys = object_keys,
    minutes: OpenMinutes = open_minutes,
) -> None:
    """Store what several agents brought, in the caller's transaction; frames go out after its commit."""
    nodes = [rows for usage in usages if (rows := _node_rows(usage, now=now, keys=keys)).stored]
    bulk.insert_samples(row for node in nodes for row in node.stored)
    bulk.update_latest([row for node in nodes for row in latest(node.stored)])
    for node in nodes:
        _close_minutes(node, minutes)
    publish_on_commit(nodes)
    _totals(nodes, now=now)


def _node_rows(usage: AgentUsage, *, now: datetime, keys: ObjectKeys) -> NodeRows:
    snapshot = usage.snapshot
    moments = agent_ticks.moments(snapshot.ticks, clock_ahead_s=usage.clock_ahead_s)
    at_s = [int(moment_s) for moment_s in moments]
    host = agent_ticks.host_rows(snapshot, at_s)
    containers = agent_ticks.container_rows(snapshot, at_s)
    latest_s = int((now + CLOCK_AHEAD).timestamp())
    host_id, ids = _objects(usage, host, containers, keys)
    stored = [Stored(host_id, row.at_s, row.values) for row in host] if host_id else []
    stored += [Stored(ids[row.key], row.at_s, row.values) for row in containers if row.key in ids]
    return NodeRows(usage, host_id, ids, [row for row in stored if 0 <= row.at_s <= latest_s])


def _objects(
    usage: AgentUsage, host: Sequence[Row], containers: Sequence[Row], keys: ObjectKeys
) -> tuple[int | None, dict[str, int]]:
    """The measured objects of the node and of its containers; made, or described anew, where that is due."""
    seen = {row.key: row for row in containers if row.key in usage.containers}
    refs = {key: (Kind.CONTAINER.value, usage.containers[key].pk) for key in seen}
    own = (Kind.NODE.value, usage.node_pk)
    if host and not (usage.is_described and keys.know([own, *refs.values()])):
        measured = [_measured_host(usage, host[-1]), *_measured_containers(usage, seen)]
        newest_s = max(row.at_s for row in host)
        keys.learn(store.write_objects(measured, at=datetime.fromtimestamp(newest_s, tz=UTC)))
    return keys.get(own), {key: pk for key, ref in refs.items() if (pk := keys.get(ref))}


def _measured_host(usage: AgentUsage, row: Row) -> Measurement:
    return Measurement(
        kind=Kind.NODE,
        ref=usage.node_pk,
        label=usage.hostname,
        source=Source.AGENT,
        cluster_ref=usage.cluster_pk,
        cpu_limit_cores=usage.snapshot.node.cpu_count or None,
        memory_limit_bytes=float(usage.memory_bytes) or None,
        figures=figures_of(row.values),
    )


def _measured_containers(usage: AgentUsage, seen: Mapping[str, Row]) -> list[Measurement]:
    limits = agent_ticks.container_limits(usage.snapshot)
    return [
        Measurement(
            kind=Kind.CONTAINER,
            ref=usage.containers[key].pk,
            label=usage.containers[key].name,
            source=Source.AGENT,
            cluster_ref=usage.cluster_pk,
            node_ref=usage.node_pk,
            service_ref=usage.containers[key].service_pk,
            cpu_limit_cores=usage.containers[key].cpu_limit_cores,
            memory_limit_bytes=limits.get(key),
            figures=figures_of(row.values),
        )
        for key, row in seen.items()
    ]


def figures_of(values: Sequence[float | None]) -> Figures:
    """A row's values by their names."""
    return Figures(**dict(zip(MEASURES, values, strict=True)))


def latest(rows: Sequence[Stored]) -> Collection[Stored]:
    """The newest row of each object; rows come oldest first."""
    return {row.object_id: row for row in rows}.values()


def _close_minutes(node: NodeRows, minutes: OpenMinutes) -> None:
    """Sum up the minutes that are over, those of late ticks once more."""
    ids = {row.object_id for row in node.stored}
    span = (min(row.at_s for row in node.stored), max(row.at_s for row in node.stored))
    over = minutes.over(node.usage.node_pk, ids, oldest_s=span[0], newest_s=span[1])
    if over is not None:
        bulk.roll_up(over.object_ids, first_s=over.first_s, end_s=over.end_s)


def _totals(nodes: Sequence[NodeRows], *, now: datetime) -> None:
    services: dict[int, set[int]] = {}
    first_node: dict[int, int] = {}
    for node in nodes:
        usage = node.usage
        first_node.setdefault(usage.cluster_pk, usage.node_pk)
        found = services.setdefault(usage.cluster_pk, set())
        found.update(one.service_pk for one in usage.containers.values() if one.service_pk)
    for cluster_pk, node_pk in first_node.items():
        store_totals(node_pk, cluster_pk, services=services[cluster_pk], at=now)
