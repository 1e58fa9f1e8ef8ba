"""Takes in what agents' answers say of usage: several nodes at once, every tick at its own time.

Ticks that come late, after a cut or a restart, enter the tables where they belong, and
their minutes are summed up again; ticks that come twice change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.metrics import agent_ticks, bulk, store
from apps.metrics.agent_frames import publish_on_commit
from apps.metrics.agent_rows import AgentUsage, NodeRows
from apps.metrics.agent_ticks import Row
from apps.metrics.bulk import Described, Stored
from apps.metrics.models import MetricObject
from apps.metrics.object_keys import ObjectKeys, Ref
from apps.metrics.retention import keep
from apps.metrics.right_sizing import throttling
from apps.metrics.services import CLOCK_AHEAD, PartsOf, store_totals
from apps.metrics.store import Memory, memory
from dce_portal.figures import count_dropped

Kind, Source = MetricObject.Kind, MetricObject.Source


def ingest_agents(
    usages: Sequence[AgentUsage],
    *,
    now: datetime,
    memory: Memory = memory,
) -> None:
    """Store what several agents brought, in the caller's transaction; frames go out after its commit."""
    keys, told = memory.keys, [_told(usage) for usage in usages]
    _describe([one for one in told if one.needs_describing(keys)], keys, now=now)
    nodes = [rows for one in told if (rows := _node_rows(one, now=now, keys=keys)).stored]
    bulk.insert_samples([row for node in nodes for row in node.stored])
    for node in nodes:
        store.close_minutes(node.stored, owner=node.usage.node_pk, minutes=memory.minutes)
    bulk.update_latest([row for node in nodes for row in latest(node.stored)])
    throttling.keep(usages, now=now)
    publish_on_commit(nodes)
    _totals(nodes, now=now)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer's figures as rows, and the measured objects that they are of."""

    usage: AgentUsage
    host: Sequence[Row]
    containers: Sequence[Row]
    refs: Mapping[str, Ref]

    @property
    def own(self) -> Ref:
        """The node itself."""
        return (Kind.NODE.value, self.usage.node_pk)

    def needs_describing(self, keys: ObjectKeys) -> bool:
        """Whether an object is new, or may be called or limited otherwise now."""
        is_known = self.usage.is_described and keys.know([self.own, *self.refs.values()])
        return bool(self.host) and not is_known


def _told(usage: AgentUsage) -> Told:
    snapshot = usage.snapshot
    moments = agent_ticks.moments(snapshot.ticks, clock_ahead_s=usage.clock_ahead_s)
    at_s = [int(moment_s) for moment_s in moments]
    containers = agent_ticks.container_rows(snapshot, at_s)
    seen = {row.key for row in containers} & usage.containers.keys()
    refs = {key: (Kind.CONTAINER.value, usage.containers[key].pk) for key in seen}
    return Told(usage, agent_ticks.host_rows(snapshot, at_s), containers, refs)


def _node_rows(told: Told, *, now: datetime, keys: ObjectKeys) -> NodeRows:
    latest_s = int((now + CLOCK_AHEAD).timestamp())
    oldest_s = keep().oldest_accepted_s(int(now.timestamp()))
    host_id = keys.get(told.own)
    ids = {key: pk for key, ref in told.refs.items() if (pk := keys.get(ref))}
    stored = [Stored(host_id, row.at_s, row.values) for row in told.host] if host_id else []
    stored += [
        Stored(ids[row.key], row.at_s, row.values) for row in told.containers if row.key in ids
    ]
    rows = [row for row in stored if oldest_s <= row.at_s <= latest_s]
    count_dropped("time", len(stored) - len(rows))
    return NodeRows(told.usage, host_id, ids, rows)


def _describe(told: Sequence[Told], keys: ObjectKeys, *, now: datetime) -> None:
    """Make the measured objects of nodes and of their containers, or say anew what they are."""
    described = [one for node in told for one in (_node(node.usage), *_containers(node))]
    if described:
        keys.learn(bulk.describe_objects(described, now=now))


def _node(usage: AgentUsage) -> Described:
    return Described(
        kind=Kind.NODE.value,
        ref=usage.node_pk,
        label=usage.hostname,
        source=Source.AGENT.value,
        cluster_ref=usage.cluster_pk,
        cpu_limit_cores=usage.snapshot.node.cpu_count or None,
        memory_limit_bytes=float(usage.memory_bytes) or None,
    )


def _containers(told: Told) -> Iterator[Described]:
    usage = told.usage
    limits = agent_ticks.container_limits(usage.snapshot)
    for key in told.refs:
        container = usage.containers[key]
        yield Described(
            kind=Kind.CONTAINER.value,
            ref=container.pk,
            label=container.name,
            source=Source.AGENT.value,
            cluster_ref=usage.cluster_pk,
            node_ref=usage.node_pk,
            service_ref=container.service_pk,
            stack_ref=container.stack_pk,
            cpu_limit_cores=container.cpu_limit_cores,
            memory_limit_bytes=limits.get(key),
        )


def latest(rows: Sequence[Stored]) -> Collection[Stored]:
    """The newest row of each object; rows come oldest first."""
    return {row.object_id: row for row in rows}.values()


def _totals(nodes: Sequence[NodeRows], *, now: datetime) -> None:
    found: dict[int, PartsOf] = {}
    first_node: dict[int, int] = {}
    for node in nodes:
        usage = node.usage
        first_node.setdefault(usage.cluster_pk, usage.node_pk)
        parts = found.setdefault(usage.cluster_pk, PartsOf(set(), set()))
        parts.services.update(pk for one in usage.containers.values() if (pk := one.service_pk))
        parts.stacks.update(pk for one in usage.containers.values() if (pk := one.stack_pk))
    for cluster_pk, node_pk in first_node.items():
        store_totals(node_pk, cluster_pk, parts=found[cluster_pk], at=now)
