"""What the dashboard shows, gathered in a number of queries that does not grow with the cluster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.metrics import selectors
from apps.metrics.changes import latest_changes
from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster
from apps.nodes.selectors import clusters_visible_to
from apps.nodes.selectors.joining import joins_under_way
from apps.registry.selectors import repositories_visible_to
from dce_portal.models import Operation, OperationState

FAILED_WITHIN = timedelta(hours=24)
NODES_SHOWN = 24


def dashboard_of(user: User, *, cluster: str | None = None) -> dict[str, Any]:
    """The figures and lists that this person may see; `cluster` is the number of the one to show."""
    clusters = list(clusters_visible_to(user))
    chosen = _chosen(clusters, cluster)
    operations = operations_of(user)
    board: dict[str, Any] = {
        "clusters": clusters,
        "cluster": chosen,
        "may_watch": selectors.may_watch_cluster(user),
        "may_see_clusters": user.has_perm("nodes.view_cluster"),
        "failed_operations": _failed(operations),
        "changes": latest_changes(user, cluster=chosen, operations=operations),
        "joins": joins_under_way(user),
        "may_see_joins": user.has_perm("nodes.view_join"),
        "may_add_nodes": user.has_perm("nodes.add_jointoken"),
        "first_steps": first_steps(user, has_engine=bool(clusters)),
    }
    return board | (_cluster_part(user, chosen) if chosen else {})


def _chosen(clusters: list[Cluster], wanted: str | None) -> Cluster | None:
    by_number = {str(cluster.pk): cluster for cluster in clusters}
    return by_number.get(wanted or "") or next(iter(clusters), None)


def _cluster_part(user: User, cluster: Cluster) -> dict[str, Any]:
    """Nodes, counts and the busiest containers, each only for those who may see them."""
    rows = selectors.toned_node_rows(user, cluster)
    health = selectors.health_of(rows, cluster)
    return {
        "nodes": rows[:NODES_SHOWN],
        "all_nodes": rows,
        "more_nodes": max(0, len(rows) - NODES_SHOWN),
        "health": health | {"tone": selectors.tone_of_health(health)},
        "may_see_tasks": user.has_perm("workloads.view_service"),
        "usage": MetricObject.objects.filter(
            kind=MetricObject.Kind.CLUSTER, ref=cluster.pk
        ).first(),
        "capacity": selectors.capacity_of(rows),
        "engineless": sum(not row["has_engine"] for row in rows),
        "busiest": _busiest(user, cluster, rows),
    }


def _busiest(user: User, cluster: Cluster, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not user.has_perm("workloads.view_container"):
        return []
    names = {row["ref"]: row["node"].hostname for row in rows}
    return [
        {"object": one, "node": names.get(one.node_ref or 0, "")}
        for one in selectors.busiest(cluster, at=timezone.now())
    ]


def operations_of(user: User) -> QuerySet[Operation]:
    """The operations that a person may see: their own, or all with the right to view them."""
    mine = Q(actor=user)
    return Operation.objects.filter(Q() if user.has_perm("portal.view_operation") else mine)


def _failed(operations: QuerySet[Operation]) -> int:
    since = timezone.now() - FAILED_WITHIN
    return operations.filter(state=OperationState.FAILED, finished_at__gte=since).count()


def first_steps(user: User, *, has_engine: bool) -> dict[str, bool]:
    """What a new portal still needs, ticked off as it happens."""
    return {
        "engine": has_engine,
        "push": repositories_visible_to(user).filter(last_pushed_at__isnull=False).exists(),
        "token": user.tokens.filter(revoked_at=None).exists(),
    }
