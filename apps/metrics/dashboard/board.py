"""Gathers the parts of the dashboard for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.metrics import history, selectors
from apps.metrics.dashboard import status
from apps.metrics.dashboard.alerts import open_alerts_of
from apps.metrics.dashboard.busiest import busiest_of
from apps.metrics.dashboard.changes import latest_changes
from apps.metrics.dashboard.nodes import (
    NodeFact,
    capacity_of_nodes,
    node_facts,
    rows_of,
    worst_of,
)
from apps.metrics.dashboard.totals import totals_of
from apps.metrics.dashboard.wish import HEATS, RANGES, Wish, read_wish
from apps.metrics.models import MetricObject
from apps.metrics.outlooks.page import filling_rows
from apps.nodes.models import Cluster
from apps.nodes.selectors import clusters_visible_to
from apps.nodes.selectors.joining import joins_under_way
from apps.registry.selectors import repositories_visible_to
from dce_portal.models import Operation

FILLING_SHOWN = 5


def dashboard_of(user: User, *, asked: Mapping[str, str]) -> dict[str, Any]:
    """The figures and lists that this person may see; `asked` is the address' query."""
    wish = read_wish(asked)
    clusters = list(clusters_visible_to(user))
    chosen = chosen_of(clusters, wish.cluster)
    operations = operations_of(user)
    board: dict[str, Any] = {
        "wish": wish,
        "clusters": clusters,
        "cluster": chosen,
        "ranges": _choices(wish, "range", RANGES),
        "heats": _choices(wish, "heat", HEATS),
        "kiosk_query": wish.query(kiosk=not wish.kiosk),
        "may_watch": selectors.may_watch_cluster(user),
        "may_see_clusters": user.has_perm("nodes.view_cluster"),
        "failed_operations": status.failed_lately(operations),
        "changes": latest_changes(user, cluster=chosen, operations=operations),
        "joins": joins_under_way(user),
        "may_see_joins": user.has_perm("nodes.view_join"),
        "may_add_nodes": user.has_perm("nodes.add_jointoken"),
        "first_steps": first_steps(user, has_engine=bool(clusters)),
    }
    board |= _kiosk_part(wish, clusters, chosen) if wish.kiosk else {}
    return board | (_cluster_part(user, chosen, board) if chosen else {})


def _kiosk_part(wish: Wish, clusters: Sequence[Cluster], chosen: Cluster | None) -> dict[str, Any]:
    """The frame of a screen on a wall: no menu, and the address of the cluster that is shown next."""
    numbers = [cluster.pk for cluster in clusters]
    place = numbers.index(chosen.pk) if chosen else -1
    following = numbers[(place + 1) % len(numbers)] if numbers else ""
    return {
        "template": "dashboard/kiosk.html",
        "frame": {"theme": wish.theme, "is_nav_sidebar_enabled": False, "is_fullwidth": "1"},
        "next_query": wish.query(cluster=str(following)),
        "turns": wish.rotate_s if len(numbers) > 1 else 0,
    }


def chosen_of(clusters: Sequence[Cluster], wanted: str) -> Cluster | None:
    """The cluster of that number, else the first."""
    by_number = {str(cluster.pk): cluster for cluster in clusters}
    return by_number.get(wanted) or next(iter(clusters), None)


def _choices(wish: Wish, field: str, names: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - names in a row
    """Each choice with the address that makes it."""
    return [
        {
            "name": name,
            "query": wish.query(**{field: name}),
            "is_chosen": getattr(wish, field) == name,
        }
        for name in names
    ]


def _cluster_part(user: User, cluster: Cluster, board: Mapping[str, Any]) -> dict[str, Any]:
    """Nodes, totals, alerts and the busiest, each only for those who may see them."""
    facts = node_facts(cluster) if user.has_perm("nodes.view_node") else []
    alerts = open_alerts_of(user, cluster)
    usage = _usage_of(cluster)
    may_see_tasks = user.has_perm("workloads.view_service")
    health = status.health_of_facts(facts, cluster)
    failed = board["failed_operations"]
    return {
        **_nodes_part(cluster, facts),
        "health": health,
        "status": status.status_of(user, cluster, health=health, alerts=alerts, failed=failed),
        "alerts": alerts,
        "may_see_tasks": may_see_tasks,
        "usage": usage,
        "totals": totals_of(
            cluster,
            capacity=capacity_of_nodes(facts),
            usage=usage,
            may_see_services=may_see_tasks,
        ),
        "filling": filling_rows(user, cluster.pk, limit=FILLING_SHOWN),
        "busiest": busiest_of(
            user,
            cluster,
            by=board["wish"].by,
            names={fact.ref: fact.hostname for fact in facts},
            at=timezone.now(),
        ),
    }


def _usage_of(cluster: Cluster) -> MetricObject | None:
    return MetricObject.objects.filter(kind=MetricObject.Kind.CLUSTER, ref=cluster.pk).first()


def _nodes_part(cluster: Cluster, facts: Sequence[NodeFact]) -> dict[str, Any]:
    """The heat map's nodes, and the rows of the table with their last hour: two queries."""
    worst = worst_of(facts)
    rows = rows_of(cluster, worst)
    ids = [fact.object_id for fact in worst if fact.object_id is not None]
    lines = history.last_hour(ids, now=timezone.now()) if ids else {}
    return {
        "facts": facts,
        "nodes": [
            {"fact": fact, "node": rows[fact.ref], "lines": lines.get(fact.object_id or 0, {})}
            for fact in worst
            if fact.ref in rows
        ],
        "more_nodes": max(0, len(facts) - len(worst)),
        "engineless": sum(not fact.has_engine for fact in facts),
    }


def operations_of(user: User) -> QuerySet[Operation]:
    """The operations that a person may see: their own, or all with the right to view them."""
    mine = Q(actor=user)
    return Operation.objects.filter(Q() if user.has_perm("portal.view_operation") else mine)


def first_steps(user: User, *, has_engine: bool) -> dict[str, bool]:
    """What a new portal still needs, ticked off as it happens."""
    return {
        "engine": has_engine,
        "push": repositories_visible_to(user).filter(last_pushed_at__isnull=False).exists(),
        "token": user.tokens.filter(revoked_at=None).exists(),
    }
