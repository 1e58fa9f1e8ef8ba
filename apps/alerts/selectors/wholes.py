"""What a share is a share of: limits beside the figures, reservations of services, and what machines have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.alerts.models import AlertRule
from apps.metrics.models import MetricObject
from apps.workloads.models import Service

Against = AlertRule.Against
LIMITS = {"cpu_cores": "cpu_limit_cores", "memory_bytes": "memory_limit_bytes"}
RESERVATIONS = {"cpu_cores": "cpu_reservation", "memory_bytes": "memory_reservation_bytes"}
INSIDE_A_NODE = ("container", "volume")


@dataclass(frozen=True, slots=True)
class Wholes:
    """Reservations by service and capacities by node; empty where no rule asks for them."""

    services: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    nodes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, row: Mapping[str, Any], *, metric: str, against: str) -> float | None:
        """The whole of which the object's figure is a share; None where there is none."""
        if against == Against.LIMIT:
            return row.get(LIMITS.get(metric, ""))
        if against == Against.RESERVATION:
            return self._reservation(row, metric)
        return self._capacity(row, metric)

    def _reservation(self, row: Mapping[str, Any], metric: str) -> float | None:
        """A container's is its task's; a service's is that of all its running tasks."""
        is_service = row["kind"] == "service"
        service = self.services.get(row["ref"] if is_service else row["service_ref"] or 0)
        if service is None or metric not in RESERVATIONS:
            return None
        tasks = max(1, service["running_tasks"]) if is_service else 1
        return service[RESERVATIONS[metric]] * tasks or None

    def _capacity(self, row: Mapping[str, Any], metric: str) -> float | None:
        """Nodes and clusters have it beside their figures, containers on their node."""
        if metric == "disk_used_bytes":
            return row.get("disk_total_bytes")
        is_inside = row["kind"] in INSIDE_A_NODE
        machine = self.nodes.get(row["node_ref"] or 0, {}) if is_inside else row
        return machine.get(LIMITS.get(metric, "cpu_limit_cores"))


def wholes_of(rules: Iterable[AlertRule]) -> Wholes:
    """Read what the rules compare with: at most one query for services and one for nodes."""
    asked = {(rule.against, rule.object_kind) for rule in rules}
    needs_services = any(against == Against.RESERVATION for against, _kind in asked)
    needs_nodes = (Against.HOST, "container") in asked
    return Wholes(_services() if needs_services else {}, _nodes() if needs_nodes else {})


def _services() -> dict[int, dict[str, Any]]:
    rows = Service.objects.values("pk", "running_tasks", *RESERVATIONS.values())
    return {row["pk"]: row for row in rows}


def _nodes() -> dict[int, dict[str, Any]]:
    rows = MetricObject.objects.filter(kind="node").values("ref", *LIMITS.values())
    return {row["ref"]: row for row in rows}


def own_whole(kind: str, metric: str, against: str) -> str:
    """The column beside the figures that has the whole; nothing where another table has it."""
    if against == Against.LIMIT:
        return LIMITS.get(metric, "")
    if against == Against.RESERVATION:
        return ""
    if metric == "disk_used_bytes":
        return "disk_total_bytes"
    return "" if kind in INSIDE_A_NODE else LIMITS.get(metric, "cpu_limit_cores")


def least_whole(wholes: Wholes, metric: str, against: str) -> float | None:
    """The smallest whole that any object may have: nothing below its share can be in trouble."""
    if against == Against.RESERVATION:
        sizes = [row[RESERVATIONS[metric]] for row in wholes.services.values()]
    else:
        column = LIMITS.get(metric, "cpu_limit_cores")
        sizes = [row[column] for row in wholes.nodes.values()]
    return min((size for size in sizes if size), default=None)
