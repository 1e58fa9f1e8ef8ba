"""What stands beside a thing's usage: what is reserved for it, and how much there is where it runs."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet, Sum

from apps.nodes.models import Node
from apps.workloads.models import Container, Service, Stack
from apps.workloads.selectors import reserved_by

# For each kind the nodes whose size is its whole: a service may run on all of its cluster's.
NODES_OF: dict[str, Callable[[int], QuerySet[Node]]] = {
    "node": lambda ref: Node.objects.filter(pk=ref),
    "cluster": lambda ref: Node.objects.filter(cluster=ref),
    "service": lambda ref: Node.objects.filter(
        cluster_id__in=Service.objects.filter(pk=ref).values("cluster_id")
    ),
    "stack": lambda ref: Node.objects.filter(
        cluster_id__in=Stack.objects.filter(pk=ref).values("cluster_id")
    ),
    "container": lambda ref: Node.objects.filter(
        pk__in=Container.objects.filter(pk=ref).values("node")
    ),
}


def beside(kind: str, ref: int) -> dict[str, dict[str, float]]:
    """`reservations` and `capacity`, each by measure; two queries."""
    return {"reservations": reserved_by(kind, ref), "capacity": _capacity(kind, ref)}


def _capacity(kind: str, ref: int) -> dict[str, float]:
    """Cores and bytes of the machines; load is compared with the number of cores."""
    if kind not in NODES_OF:
        return {}
    nodes = NODES_OF[kind](ref).order_by()
    total = nodes.aggregate(cpu_cores=Sum("cpu_count"), memory_bytes=Sum("memory_bytes"))
    known = {name: float(value) for name, value in total.items() if value}
    return known | ({"load_1m": known["cpu_cores"]} if "cpu_cores" in known else {})
