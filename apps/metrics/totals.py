"""Totals over objects: a service or a stack is the sum of its containers, a cluster that of its nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from apps.metrics.measures import MEASURES, Figures
from apps.metrics.models import MetricObject
from apps.metrics.store import Measurement
from apps.nodes.models import Node

# What was heard longer ago does not count: a node that is lost leaves its cluster's sum.
FRESH = timedelta(seconds=40)

Kind, Source = MetricObject.Kind, MetricObject.Source


def of_services(node: Node, refs: Collection[int], *, at: datetime) -> list[Measurement]:
    """One measurement a service, over all nodes on which it has containers."""
    if not refs:
        return []
    names = dict(node.cluster.services.filter(pk__in=refs).values_list("pk", "name"))
    return _of_containers(node, Kind.SERVICE, names, at=at)


def of_stacks(node: Node, refs: Collection[int], *, at: datetime) -> list[Measurement]:
    """One measurement a stack, over all containers that name it."""
    if not refs:
        return []
    names = dict(node.cluster.stacks.filter(pk__in=refs).values_list("pk", "name"))
    return _of_containers(node, Kind.STACK, names, at=at)


def _of_containers(
    node: Node, kind: str, names: Mapping[int, str], *, at: datetime
) -> list[Measurement]:
    column = f"{kind}_ref"
    fresh = _fresh(Kind.CONTAINER, at).filter(**{f"{column}__in": list(names)})
    return [
        Measurement(
            kind=kind,
            ref=ref,
            label=names[ref],
            source=Source.CONTAINERS,
            cluster_ref=node.cluster_id,
            cpu_limit_cores=cpu_limit,
            memory_limit_bytes=memory_limit,
            figures=figures,
        )
        for ref, figures, cpu_limit, memory_limit in _sums(fresh, by=column)
    ]


def of_cluster(node: Node, *, at: datetime) -> list[Measurement]:
    """One measurement for the node's cluster; its limits are what the counted nodes have."""
    fresh = _fresh(Kind.NODE, at).filter(cluster_ref=node.cluster_id)
    return [
        Measurement(
            kind=Kind.CLUSTER,
            ref=node.cluster_id,
            label=node.cluster.name,
            source=Source.NODES,
            cluster_ref=node.cluster_id,
            cpu_limit_cores=cpu_limit,
            memory_limit_bytes=memory_limit,
            figures=figures,
        )
        for _ref, figures, cpu_limit, memory_limit in _sums(fresh, by="cluster_ref")
    ]


def _fresh(kind: str, at: datetime) -> QuerySet[MetricObject]:
    return MetricObject.objects.filter(kind=kind, last_sample_at__gte=at - FRESH)


def _sums(
    objects: QuerySet[MetricObject], *, by: str
) -> list[tuple[int, Figures, float | None, float | None]]:
    limits = ("cpu_limit_cores", "memory_limit_bytes")
    parts: dict[str, Any] = {f"sum_{name}": Sum(F(name)) for name in (*MEASURES, *limits)}
    parts |= {"members": Count("pk"), "with_cpu": Count("cpu_cores")}
    return [
        (
            row[by],
            _figures(row),
            row["sum_cpu_limit_cores"],
            row["sum_memory_limit_bytes"],
        )
        for row in objects.order_by().values(by).annotate(**parts)
    ]


def _figures(row: Mapping[str, Any]) -> Figures:
    """The sums; processor time is a gap while one of the members has none, since a part would look like a drop."""
    sums = {name: row[f"sum_{name}"] for name in MEASURES}
    is_whole = row["with_cpu"] == row["members"]
    return Figures(**sums | ({} if is_whole else {"cpu_cores": None}))
