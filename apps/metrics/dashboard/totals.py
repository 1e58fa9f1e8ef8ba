"""What of the cluster is used, reserved, limited and there: one line of figures for CPU and one for memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster
from apps.workloads.selectors import promises_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One resource of the cluster; what the person may not see or nobody could tell is None."""

    name: str
    used: float | None
    capacity: float
    reserved: float | None = None
    limited: float | None = None
    unlimited_tasks: int = 0

    @property
    def _whole(self) -> float:
        return max(self.capacity, self.reserved or 0.0, self.limited or 0.0, self.used or 0.0)

    def _share(self, value: float | None) -> float:
        return (value or 0.0) / self._whole if self._whole else 0.0

    @property
    def used_share(self) -> float:
        """How far the bar is filled; it is as long as the greatest of the figures."""
        return self._share(self.used)

    @property
    def reserved_share(self) -> float:
        """Where reservations end on the bar."""
        return self._share(self.reserved)

    @property
    def limited_share(self) -> float:
        """Where limits end on the bar."""
        return self._share(self.limited)

    @property
    def capacity_share(self) -> float:
        """Where the machines end on the bar: at its end, unless more was promised than there is."""
        return self._share(self.capacity)

    @property
    def is_overdrawn(self) -> bool:
        """Whether more is reserved than the nodes have: tasks will wait for a place."""
        return self.reserved is not None and self.reserved > self.capacity > 0


def totals_of(
    cluster: Cluster,
    *,
    capacity: Mapping[str, float],
    usage: MetricObject | None,
    may_see_services: bool,
) -> dict[str, Total]:
    """CPU and memory; reservations and limits for those who may see services: one query."""
    promises = promises_of(cluster.pk) if may_see_services else {}
    return {
        "cpu": _total("cpu", capacity, usage.cpu_cores if usage else None, promises),
        "memory": _total("memory", capacity, usage.memory_bytes if usage else None, promises),
    }


def _total(
    name: str, capacity: Mapping[str, float], used: float | None, promises: Mapping[str, Any]
) -> Total:
    return Total(
        name=name,
        used=used,
        capacity=capacity[name],
        reserved=promises.get(f"{name}_reserved"),
        limited=promises.get(f"{name}_limited"),
        unlimited_tasks=promises.get(f"{name}_unlimited_tasks", 0),
    )
