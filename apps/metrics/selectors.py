"""What reads in this app: how a cluster is right now, and whose usage a person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, Max, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.metrics.charts import CHARTS
from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster, Node
from apps.nodes.selectors import clusters_visible_to, knows_containers, nodes_visible_to
from apps.registry.selectors import namespaces_visible_to
from apps.workloads.selectors import (
    containers_visible_to,
    services_visible_to,
    stacks_visible_to,
    volumes_visible_to,
)
from dce_portal.errors import InvalidInput, NotFound

Kind = MetricObject.Kind

# A poll comes every 5–10 s; a node is late when two of them were missed.
LATE_AFTER = timedelta(seconds=30)
BUSIEST = 5
LONGEST_REF = 18

VISIBLE = {
    Kind.CLUSTER: clusters_visible_to,
    Kind.NODE: nodes_visible_to,
    Kind.SERVICE: services_visible_to,
    Kind.STACK: stacks_visible_to,
    Kind.CONTAINER: containers_visible_to,
    Kind.VOLUME: volumes_visible_to,
    Kind.NAMESPACE: namespaces_visible_to,
}


def latest_figures(kind: str, measure: str) -> Subquery:
    """The newest value of a measure, as a column of a query over the things of that kind."""
    own = MetricObject.objects.filter(kind=kind, ref=OuterRef("pk"))
    return Subquery(own.values(measure)[:1])


def what_is_measured(kind: str) -> Exists:
    """Whether the thing of a measured object is still there, whoever may see it."""
    model = VISIBLE[Kind(kind)](AnonymousUser()).model
    return Exists(model._default_manager.filter(pk=OuterRef("ref")))


def may_see(user: User, kind: str, ref: str) -> bool:
    """Whether the thing exists and the person may see it."""
    if not (ref.isascii() and ref.isdigit() and len(ref) <= LONGEST_REF):
        return False
    return bool(VISIBLE[Kind(kind)](user).filter(pk=int(ref)).exists())


def may_watch_cluster(user: User, ref: str | None = None) -> bool:
    """A cluster's frames also name its nodes, tasks and containers: all of these rights are needed."""
    rights = ("nodes.view_node", "workloads.view_service", "workloads.view_container")
    return user.has_perms(rights) and (ref is None or may_see(user, Kind.CLUSTER, ref))


def measured_object(user: User, *, kind: str, ref: str) -> MetricObject | None:
    """The object whose samples the person asks for; None where none came yet."""
    if kind not in VISIBLE:
        message = _("There is usage of %(kinds)s.") % {"kinds": ", ".join(Kind.values)}
        raise InvalidInput(message, field="kind")
    if not may_see(user, kind, ref):
        message = _("There is no %(kind)s with the number %(ref)s, or it is not yours to see.")
        raise NotFound(message % {"kind": Kind(kind).label, "ref": ref})
    return MetricObject.objects.filter(kind=kind, ref=int(ref)).first()


def charts_known_of(kind: str, ref: int) -> list[str]:
    """The charts of a thing: what every container is measured by, and the rest where it is told."""
    row = MetricObject.objects.filter(kind=kind, ref=ref).first()
    return [
        name
        for name, chart in CHARTS.items()
        if chart.is_usual or (row is not None and getattr(row, chart.lines[0].measure) is not None)
    ]


def condition(state: str, availability: str, *, is_stale: bool) -> str:
    """One word for a node, the worst first: down, late, drain, pause, ready."""
    if state in (Node.State.DOWN, Node.State.DISCONNECTED, Node.State.UNHEALTHY):
        return "down"
    if is_stale or state != Node.State.READY:
        return "late"
    return "ready" if availability == Node.Availability.ACTIVE else availability


def node_rows(cluster: Cluster) -> list[dict[str, Any]]:
    """Every node of the cluster with its condition and latest figures: two queries, worst first."""
    figures = {
        row.ref: row for row in MetricObject.objects.filter(kind=Kind.NODE, cluster_ref=cluster.pk)
    }
    rows = [
        _node_row(node, figures.get(node.pk))
        for node in cluster.nodes.select_related("cluster", "endpoint")
    ]
    return sorted(rows, key=_worst_first)


def _node_row(node: Node, figures: MetricObject | None) -> dict[str, Any]:
    cpu_cores = figures.cpu_cores if figures else None
    memory_bytes = figures.memory_bytes if figures else None
    return {
        "node": node,
        "ref": node.pk,
        "condition": condition(
            node.state, node.availability, is_stale=node.stale_since is not None
        ),
        "has_engine": knows_containers(node),
        "cpu_cores": cpu_cores,
        "memory_bytes": memory_bytes,
        "cpu_share": _share(cpu_cores, node.cpu_count),
        "memory_share": _share(memory_bytes, node.memory_bytes),
        "disk_share": _share(figures.disk_used_bytes, figures.disk_total_bytes or 0)
        if figures
        else None,
        "at": figures.last_sample_at if figures else None,
        "source": figures.source if figures else None,
    }


SEVERITY = ("down", "late", "pause", "drain", "ready")


def _worst_first(row: dict[str, Any]) -> tuple[int, float, str]:
    busiest = max(row["cpu_share"] or 0.0, row["memory_share"] or 0.0)
    return SEVERITY.index(row["condition"]), -busiest, row["node"].hostname


def _share(value: float | None, whole: float) -> float | None:
    return None if value is None or not whole else min(1.0, value / whole)


def health_of(rows: Sequence[dict[str, Any]], cluster: Cluster) -> dict[str, int]:
    """The counts of the dashboard's first line."""
    conditions = [row["condition"] for row in rows]
    tasks = cluster.services.aggregate(running=Sum("running_tasks"), desired=Sum("desired_tasks"))
    return {
        "nodes": len(conditions),
        **{word: conditions.count(word) for word in SEVERITY},
        "running": tasks["running"] or 0,
        "desired": tasks["desired"] or 0,
        "event": cluster.events.aggregate(last=Max("pk"))["last"] or 0,
    }


# The worst condition that a node is in decides the tone of the first line.
TONES = {"down": "bad", "late": "late", "pause": "off", "drain": "off", "ready": "good"}


def tone_of_health(health: Mapping[str, int]) -> str:
    """Bad when something is broken, late when something is not sure, else good."""
    if health["down"]:
        return "bad"
    is_short = health["running"] < health["desired"]
    return "late" if health["late"] or is_short or not health["nodes"] else "good"


def toned_node_rows(user: User, cluster: Cluster) -> list[dict[str, Any]]:
    """The nodes' rows with the tone of each, for those who may see nodes."""
    rows = node_rows(cluster) if user.has_perm("nodes.view_node") else []
    return [{**row, "tone": TONES[row["condition"]]} for row in rows]


def cluster_health(user: User, cluster: Cluster) -> dict[str, Any]:
    """What the cluster's page says of its nodes: counts, the tone of all, and a row each."""
    rows = toned_node_rows(user, cluster)
    health = health_of(rows, cluster)
    return {
        "nodes": rows,
        "health": health | {"tone": tone_of_health(health)},
        "may_see_nodes": user.has_perm("nodes.view_node"),
        "may_see_tasks": user.has_perm("workloads.view_service"),
        "capacity": capacity_of(rows),
    }


def capacity_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What all nodes have together."""
    return {
        "cpu_cores": sum(row["node"].cpu_count for row in rows),
        "memory_bytes": sum(row["node"].memory_bytes for row in rows),
    }


def node_columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """The nodes' latest figures in columns, for a live frame."""
    names = (
        *("ref", "condition", "cpu_cores", "memory_bytes"),
        *("cpu_share", "memory_share", "disk_share"),
    )
    return {name: [_rounded(row[name]) for row in rows] for name in names}


def busiest(
    cluster: Cluster, *, at: datetime, kind: str = Kind.CONTAINER, by: str = "cpu"
) -> list[MetricObject]:
    """The containers or services that use the most just now, by `cpu`, `memory` or `network`."""
    recent = MetricObject.objects.filter(
        kind=kind,
        cluster_ref=cluster.pk,
        last_sample_at__gte=at - LATE_AFTER,
        **{f"{BUSY_BY[by]}__isnull": False},
    )
    return list(recent.order_by(*BUSY_ORDERS[by])[:BUSIEST])


BUSY_BY = {"cpu": "cpu_cores", "memory": "memory_bytes", "network": "network_rx_bps"}
BUSY_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "cpu": ("-cpu_cores", "-memory_bytes"),
    "memory": ("-memory_bytes", "-cpu_cores"),
    "network": ((F("network_rx_bps") + Coalesce("network_tx_bps", 0.0)).desc(), "-cpu_cores"),
}


def network_bps(row: MetricObject) -> float | None:
    """What it receives and sends a second, together."""
    if row.network_rx_bps is None and row.network_tx_bps is None:
        return None
    return (row.network_rx_bps or 0.0) + (row.network_tx_bps or 0.0)


def busiest_columns(busy: Sequence[MetricObject]) -> dict[str, list[Any]]:
    """The same in columns, for a live frame."""
    names = ("ref", "label", "node_ref", "cpu_cores", "memory_bytes")
    columns = {name: [_rounded(getattr(one, name)) for one in busy] for name in names}
    return columns | {"network_bps": [_rounded(network_bps(one)) for one in busy]}


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
