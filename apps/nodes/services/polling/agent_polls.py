"""Applies what an agent answered: the mirror where something differs, else only that it was heard.

Most answers of an agent bring figures and nothing else. Then the whole mirror need not be
compared: what is remembered of the poll before says which rows are meant.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import transaction

from apps.metrics.agent_rows import ContainerRef
from apps.nodes.models import EngineEndpoint, Node
from apps.nodes.ports import EngineIdentity, EngineSnapshot
from apps.nodes.ports.agent import AgentEngine, AgentMemory, AgentNode, AgentSnapshot
from apps.nodes.services.happenings import publish_state_on_commit, record_happenings
from apps.nodes.services.polling.agent_news import (
    SAME_CLOCK_S,
    agent_happenings,
    engine_complaint,
    steady_clock_ahead_s,
)
from apps.nodes.services.polling.polls import apply_engine_snapshot
from apps.nodes.services.polling.staleness import refresh_staleness
from apps.workloads.selectors import containers_as_seen, images_as_seen, metered_containers

# The whole mirror is compared now and then all the same, since rows also change by other hands.
COMPARED_EVERY_S = (240.0, 360.0)
# A service that a manager has not told of yet is linked soon.
UNLINKED_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlace:
    """Where an agent's answers belong, as the last compared answer had it."""

    endpoint_pk: int
    node_pk: int
    cluster_pk: int
    hostname: str
    memory_bytes: int
    is_single: bool
    url: str
    containers: Mapping[str, ContainerRef]
    clock_ahead_s: float
    lists_number: int
    facts: tuple[AgentNode, AgentEngine]
    compare_at_s: float

    def fits(self, snapshot: AgentSnapshot) -> bool:
        """Whether nothing but figures is new in an answer."""
        return (
            self.lists_number == snapshot.lists.number
            and self.facts == (snapshot.node, snapshot.engine)
            and abs(self.clock_ahead_s - snapshot.clock_ahead_s) <= SAME_CLOCK_S
            and time.monotonic() < self.compare_at_s
            and not any(event.action == "oom" for event in snapshot.events)
        )


def agent_memory(endpoint_pk: int) -> AgentMemory:
    """Where the last poll of any worker ended; empty where the node's lists are not known."""
    endpoint = EngineEndpoint.objects.filter(pk=endpoint_pk).first()
    if endpoint is None or not endpoint.cursor or endpoint.node_id is None:
        return AgentMemory()
    return AgentMemory(
        cursor=endpoint.cursor,
        containers=containers_as_seen(endpoint.node_id),
        images=images_as_seen(endpoint.node_id),
    )


def place_agent(endpoint_pk: int, snapshot: AgentSnapshot) -> AgentPlace | None:
    """Compare the whole answer with what is stored; None when it cannot be placed or is an old one."""
    with transaction.atomic():
        before = EngineEndpoint.objects.filter(pk=endpoint_pk).first()
        node = _mirror(endpoint_pk, snapshot) if before is not None else None
        if before is None or node is None:
            return None
        ahead_s = steady_clock_ahead_s(node.clock_skew_s, snapshot.clock_ahead_s)
        _tell(before, node, snapshot, clock_ahead_s=ahead_s)
        _keep_facts(node, snapshot, clock_ahead_s=ahead_s)
        EngineEndpoint.objects.filter(pk=endpoint_pk).update(
            cursor=snapshot.cursor, last_error=engine_complaint(snapshot)
        )
    return _place(before, node, snapshot, clock_ahead_s=ahead_s)


def _mirror(endpoint_pk: int, snapshot: AgentSnapshot) -> Node | None:
    """The mirror of what the engine last said; of a silent engine what it had is kept."""
    identity = snapshot.engine.identity
    has_lists = bool(snapshot.engine.answers or snapshot.lists.containers)
    if identity is None or not has_lists:
        return _heard_only(endpoint_pk, snapshot)
    return apply_engine_snapshot(endpoint_pk, snapshot=_as_engine(snapshot, identity))


def _as_engine(snapshot: AgentSnapshot, identity: EngineIdentity) -> EngineSnapshot:
    has_images = bool(snapshot.engine.answers or snapshot.lists.images)
    return EngineSnapshot(
        identity=replace(identity, hostname=identity.hostname or snapshot.node.hostname),
        taken_at=snapshot.taken_at,
        containers=snapshot.lists.containers,
        counters=(),
        images=snapshot.lists.images if has_images else None,
    )


def _heard_only(endpoint_pk: int, snapshot: AgentSnapshot) -> Node | None:
    """An agent that has not heard its engine is that of the node that it was before."""
    at = snapshot.taken_at
    older = EngineEndpoint.objects.filter(pk=endpoint_pk).exclude(last_ok_at__gte=at)
    if not older.update(last_ok_at=at, failures=0, last_error=engine_complaint(snapshot)):
        return None
    rows = Node.objects.filter(endpoint=endpoint_pk)
    for pk in refresh_staleness(rows, at=at):
        publish_state_on_commit(rows.get().cluster_id, [pk])
    return rows.select_related("cluster").first()


def _tell(
    before: EngineEndpoint, node: Node, snapshot: AgentSnapshot, *, clock_ahead_s: float
) -> None:
    was_answered = before.node_id is not None and not before.failures
    happenings = agent_happenings(
        node,
        snapshot,
        clock_ahead_s=clock_ahead_s,
        complaint_before=before.last_error if was_answered else "",
        told_to=before.last_ok_at,
    )
    record_happenings(
        node.cluster_id, happenings, at=snapshot.taken_at, node_pks={}, node_pk=node.pk
    )


def _keep_facts(node: Node, snapshot: AgentSnapshot, *, clock_ahead_s: float) -> None:
    Node.objects.filter(pk=node.pk).update(
        kernel=snapshot.node.kernel,
        cgroup_version=snapshot.node.cgroup_version,
        agent_version=snapshot.node.agent_version,
        swarm_certificate_expires_at=snapshot.node.swarm_certificate_expires_at,
        clock_skew_s=clock_ahead_s,
        has_console=snapshot.node.has_console,
    )


def _place(
    endpoint: EngineEndpoint, node: Node, snapshot: AgentSnapshot, *, clock_ahead_s: float
) -> AgentPlace:
    containers = {
        native_id: ContainerRef(
            pk=pk, name=name, service_pk=service, cpu_limit_cores=limit or None, stack_pk=stack
        )
        for pk, native_id, name, service, limit, stack in metered_containers(node)
    }
    unlinked = any(
        one.service_id and (row := containers.get(one.native_id)) and row.service_pk is None
        for one in snapshot.lists.containers
    )
    again_s = UNLINKED_AGAIN_S if unlinked else random.uniform(*COMPARED_EVERY_S)  # noqa: S311 - spreads work
    return AgentPlace(
        endpoint_pk=endpoint.pk,
        node_pk=node.pk,
        cluster_pk=node.cluster_id,
        hostname=node.hostname,
        memory_bytes=node.memory_bytes,
        is_single=node.cluster.kind == node.cluster.Kind.ENGINES,
        url=endpoint.url,
        containers=containers,
        clock_ahead_s=clock_ahead_s,
        lists_number=snapshot.lists.number,
        facts=(snapshot.node, snapshot.engine),
        compare_at_s=time.monotonic() + again_s,
    )
