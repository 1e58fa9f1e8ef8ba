"""Applies what a poll of a standalone Swarm brought: nodes, what runs on each, its managers and key store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import EngineIdentity, EngineSnapshot
from apps.nodes.ports.standalone import (
    DiscoverySnapshot,
    ManagerState,
    NodePart,
    StandaloneSnapshot,
)
from apps.nodes.rules.discovery_facts import discovery_facts, managers_facts
from apps.nodes.services.happenings import record_happenings
from apps.nodes.services.polling.polls import apply_cluster_snapshot, cluster_poll_failed
from apps.workloads.services import NodeRef, mirror_engine


def apply_standalone_snapshot(
    cluster_id: int, *, snapshot: StandaloneSnapshot
) -> list[tuple[Node, NodePart]]:
    """Make the rows equal to the snapshot; returns the ready nodes, whose counters are of use."""
    with transaction.atomic():
        known = set(Node.objects.filter(cluster=cluster_id).values_list("native_id", flat=True))
        apply_cluster_snapshot(cluster_id, snapshot=snapshot.cluster)
        if not _is_ours(cluster_id, snapshot):
            return []
        note_managers(cluster_id, snapshot.managers, at=snapshot.cluster.taken_at)
        _keep_fact(cluster_id, "standalone", managers_facts(snapshot))
        nodes = {node.native_id: node for node in _nodes(cluster_id)}
        found = [(nodes[part.node_id], part) for part in snapshot.parts if part.node_id in nodes]
        for node, part in found:
            _mirror_part(node, part, snapshot, is_first=node.native_id not in known)
    return [(node, part) for node, part in found if node.state == Node.State.READY]


def _is_ours(cluster_id: int, snapshot: StandaloneSnapshot) -> bool:
    """Whether this snapshot is the one that the cluster's row now stands for."""
    at = snapshot.cluster.taken_at
    return Cluster.objects.filter(pk=cluster_id, observed_at=at).exists()


def _nodes(cluster_id: int) -> Sequence[Node]:
    return list(Node.objects.select_related("cluster", "endpoint").filter(cluster=cluster_id))


def _mirror_part(
    node: Node, part: NodePart, snapshot: StandaloneSnapshot, *, is_first: bool
) -> None:
    """Write one node's containers and images as if its engine had told of them itself."""
    at, source = snapshot.cluster.taken_at, snapshot.cluster.source
    reference = NodeRef(node.pk, node.cluster_id, source=source)
    happenings = mirror_engine(reference, snapshot=_as_engine(node, part, at=at))
    if not is_first:
        record_happenings(node.cluster_id, happenings, at=at, node_pks={}, node_pk=node.pk)


def _as_engine(node: Node, part: NodePart, *, at: datetime) -> EngineSnapshot:
    identity = EngineIdentity(
        engine_id=node.native_id,
        hostname=node.hostname,
        engine_version=node.engine_version,
        api_version="",
        os=node.os,
        architecture=node.architecture,
        cpu_count=node.cpu_count,
        memory_bytes=node.memory_bytes,
        labels=node.engine_labels,
        swarm=None,
    )
    return EngineSnapshot(identity, at, part.containers, part.counters, part.images, part.missed)


def standalone_poll_failed(
    cluster_id: int, *, reason: str, asked_at: datetime, managers: Sequence[ManagerState]
) -> None:
    """Keep the rows, say why they may be out of date, and note how each manager answered."""
    with transaction.atomic():
        cluster_poll_failed(cluster_id, reason=reason, asked_at=asked_at)
        note_managers(cluster_id, managers, at=asked_at)


def note_managers(cluster_id: int, managers: Sequence[ManagerState], *, at: datetime) -> None:
    """Write on each address when it last answered, or why it does not."""
    for state in managers:
        row = EngineEndpoint.objects.filter(
            cluster=cluster_id, kind=EngineEndpoint.Kind.STANDALONE, url=state.url
        )
        if state.error:
            row.update(last_error=state.error, failures=F("failures") + 1)
            continue
        row.update(last_ok_at=at, last_error="", failures=0, api_version=state.api_version[:16])


def keep_discovery(cluster_id: int, *, snapshot: DiscoverySnapshot) -> None:
    """Keep what the key store says, for the cluster's page."""
    _keep_fact(cluster_id, "discovery", discovery_facts(snapshot))


def _keep_fact(cluster_id: int, name: str, value: Mapping[str, Any]) -> None:
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().filter(pk=cluster_id).first()
        if cluster is not None:
            cluster.facts = {**cluster.facts, name: dict(value)}
            cluster.save(update_fields=["facts"])
