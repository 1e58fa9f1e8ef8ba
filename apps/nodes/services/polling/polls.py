"""Applies what a poll brought: compare-and-set, write only what differs, tell the browsers after the commit."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports import ClusterSnapshot, EngineSnapshot, Happening, NodeInfo
from apps.nodes.rules.diff import newest, node_happenings
from apps.nodes.rules.shapes import NODE
from apps.nodes.services.happenings import publish_state_on_commit, record_happenings
from apps.nodes.services.polling.placing import place_endpoint, single_node_info
from apps.nodes.services.polling.staleness import refresh_staleness
from apps.workloads.selectors import task_totals
from apps.workloads.services import ClusterRef, NodeRef, mirror_cluster, mirror_engine
from dce_portal.difference import Difference, compare
from dce_portal.mirrors import MirrorWriter


def apply_cluster_snapshot(cluster_id: int, *, snapshot: ClusterSnapshot) -> list[int]:
    """Make the cluster's rows equal to the snapshot, unless a newer one was there before.

    Returns the engine addresses of nodes that are back, which are worth asking at once.
    """
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    if cluster is None:
        return []
    if cluster.native_id != snapshot.native_id:
        cluster_poll_failed(cluster_id, reason=_moved_away(snapshot), asked_at=snapshot.taken_at)
        return []
    with transaction.atomic():
        if _claim_cluster(cluster_id, snapshot.taken_at, source=snapshot.source):
            _keep_facts(cluster, snapshot)
            return _endpoints_back(cluster_id, _apply_cluster(cluster, snapshot))
    return []


def _endpoints_back(cluster_id: int, difference: Difference[NodeInfo]) -> list[int]:
    back = [
        after.native_id
        for before, after in difference.changed
        if after.state == Node.State.READY != before.state
    ]
    endpoints = EngineEndpoint.objects.filter(cluster=cluster_id, node__native_id__in=back)
    return list(endpoints.values_list("pk", flat=True)) if back else []


def _moved_away(snapshot: ClusterSnapshot) -> str:
    return _("The manager at %(url)s is in another Swarm now. What was known is kept.") % {
        "url": snapshot.source
    }


def _claim_cluster(cluster_id: int, at: datetime, *, source: str) -> bool:
    """Compare and set: only the newest answer counts, whichever worker brings it."""
    older = Cluster.objects.filter(Q(observed_at=None) | Q(observed_at__lt=at), pk=cluster_id)
    return bool(
        older.update(
            observed_at=at, source=source[:250], stale_since=None, stale_reason="", condition=""
        )
    )


def _keep_facts(cluster: Cluster, snapshot: ClusterSnapshot) -> None:
    if snapshot.facts is not None and cluster.facts != (facts := snapshot.facts.as_columns()):
        Cluster.objects.filter(pk=cluster.pk).update(facts=facts)


def _apply_cluster(cluster: Cluster, snapshot: ClusterSnapshot) -> Difference[NodeInfo]:
    is_first = cluster.observed_at is None
    totals = task_totals(cluster.pk)
    difference = _mirror_nodes(cluster.pk, snapshot)
    node_pks = dict(Node.objects.filter(cluster=cluster).values_list("native_id", "pk"))
    happenings = [*node_happenings(difference)]
    happenings += mirror_cluster(ClusterRef(cluster.pk, node_pks), snapshot=snapshot)
    shown = [_cluster_found(cluster)] if is_first else happenings
    record_happenings(cluster.pk, shown, at=snapshot.taken_at, node_pks=node_pks)
    changed = {node_pks[node.native_id] for node in difference.to_write}
    changed.update(refresh_staleness(Node.objects.filter(cluster=cluster), at=snapshot.taken_at))
    if changed or difference.removed or totals != task_totals(cluster.pk):
        publish_state_on_commit(cluster.pk, changed)
    return difference


def _mirror_nodes(cluster_id: int, snapshot: ClusterSnapshot) -> Difference[NodeInfo]:
    writer: MirrorWriter[NodeInfo] = MirrorWriter(NODE, Node, "cluster_id", cluster_id)
    stored = writer.stored()
    difference = compare(stored, newest(stored, snapshot.nodes))
    writer.write(difference, observed_at=snapshot.taken_at, source=snapshot.source)
    return difference


def _cluster_found(cluster: Cluster) -> Happening:
    """One line for a cluster seen for the first time, not one for each thing in it."""
    return Happening("cluster.found", "cluster", str(cluster.pk), cluster.name)


def cluster_poll_failed(
    cluster_id: int, *, reason: str, asked_at: datetime, condition: str = ""
) -> None:
    """Keep the rows and say since when and why they may be out of date; `condition` where the trouble has a name."""
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().filter(pk=cluster_id).first()
        if cluster is None or (cluster.observed_at and cluster.observed_at > asked_at):
            return
        cluster.stale_since = cluster.stale_since or asked_at
        cluster.stale_reason = reason
        _note_condition(cluster, condition, at=asked_at)
        cluster.save(update_fields=["stale_since", "stale_reason", "condition"])
        changed = refresh_staleness(Node.objects.filter(cluster=cluster), at=asked_at)
        if changed:
            publish_state_on_commit(cluster_id, changed)


def _note_condition(cluster: Cluster, condition: str, *, at: datetime) -> None:
    if condition and condition != cluster.condition:
        trouble = Happening(
            f"cluster.{condition}", "cluster", str(cluster.pk), cluster.name, severity="error"
        )
        record_happenings(cluster.pk, [trouble], at=at, node_pks={})
    cluster.condition = condition


def apply_engine_snapshot(endpoint_id: int, *, snapshot: EngineSnapshot) -> Node | None:
    """Make the rows of one engine equal to the snapshot; returns the node it was placed on."""
    with transaction.atomic():
        endpoint = _claim_endpoint(endpoint_id, snapshot)
        if endpoint is None:
            return None
        former = endpoint.node_id
        node = place_endpoint(endpoint, snapshot.identity)
        if node is None:
            return None
        changed = _mirror_single_engine(endpoint, node, snapshot)
        _mirror_workloads(endpoint, node, snapshot, is_first=former != node.pk)
        rows = Node.objects.filter(pk=node.pk)
        changed = bool(refresh_staleness(rows, at=snapshot.taken_at)) or changed
        if changed or former != node.pk:
            publish_state_on_commit(node.cluster_id, [node.pk])
    return Node.objects.select_related("cluster", "endpoint").filter(pk=node.pk).first()


def _claim_endpoint(endpoint_id: int, snapshot: EngineSnapshot) -> EngineEndpoint | None:
    at, identity = snapshot.taken_at, snapshot.identity
    older = EngineEndpoint.objects.filter(Q(last_ok_at=None) | Q(last_ok_at__lt=at), pk=endpoint_id)
    is_ours = older.update(
        last_ok_at=at,
        last_error="",
        failures=0,
        condition="",
        engine_id=identity.engine_id,
        api_version=identity.api_version,
        is_manager=identity.swarm is not None and identity.swarm.is_manager,
    )
    rows = EngineEndpoint.objects.select_related("node__cluster")
    return rows.get(pk=endpoint_id) if is_ours else None


def _mirror_single_engine(endpoint: EngineEndpoint, node: Node, snapshot: EngineSnapshot) -> bool:
    """A single engine is its own manager: its answer is also the word on its node and its cluster."""
    if snapshot.identity.swarm is not None:
        return False
    at, cluster = snapshot.taken_at, node.cluster
    seen = single_node_info(endpoint, snapshot.identity, cluster=cluster)
    writer: MirrorWriter[NodeInfo] = MirrorWriter(NODE, Node, "cluster_id", cluster.pk)
    stored = NODE.stored(writer.rows.filter(pk=node.pk))
    difference = Difference(changed=compare(stored, [seen]).changed)
    writer.write(difference)
    Node.objects.filter(pk=node.pk).update(observed_at=at, source=endpoint.url)
    _claim_cluster(cluster.pk, at, source=endpoint.url)
    record_happenings(cluster.pk, node_happenings(difference), at=at, node_pks={}, node_pk=node.pk)
    return bool(difference)


def _mirror_workloads(
    endpoint: EngineEndpoint, node: Node, snapshot: EngineSnapshot, *, is_first: bool
) -> None:
    reference = NodeRef(node.pk, node.cluster_id, source=endpoint.url)
    happenings = mirror_engine(reference, snapshot=snapshot)
    if not is_first:
        record_happenings(
            node.cluster_id, happenings, at=snapshot.taken_at, node_pks={}, node_pk=node.pk
        )


def engine_poll_failed(
    endpoint_id: int, *, reason: str, asked_at: datetime, condition: str = ""
) -> None:
    """Keep the rows, count the failure, and mark the node stale with the reason."""
    with transaction.atomic():
        unanswered = EngineEndpoint.objects.filter(
            Q(last_ok_at=None) | Q(last_ok_at__lt=asked_at), pk=endpoint_id
        )
        failed = {"last_error": reason, "failures": F("failures") + 1, "condition": condition}
        if not unanswered.update(**failed):
            return
        endpoint = EngineEndpoint.objects.select_related("node__cluster").get(pk=endpoint_id)
        node = endpoint.node
        if node is None:
            return
        if refresh_staleness(Node.objects.filter(pk=node.pk), at=asked_at):
            lost = [_engine_lost(node, reason)] if endpoint.failures == 1 else []
            record_happenings(node.cluster_id, lost, at=asked_at, node_pks={}, node_pk=node.pk)
            publish_state_on_commit(node.cluster_id, [node.pk])


def _engine_lost(node: Node, reason: str) -> Happening:
    return Happening(
        "node.stale",
        "node",
        node.native_id,
        node.hostname,
        severity="warning",
        node_id=node.native_id,
        detail={"reason": reason},
    )
