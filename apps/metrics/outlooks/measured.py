"""Which measures of what get an outlook, and how much of each there can be."""

from __future__ import annotations

from apps.metrics.models import MetricObject

Kind = MetricObject.Kind

_FLOWS = ("network_rx_bps", "network_tx_bps")
_MACHINE = ("cpu_cores", "memory_bytes", *_FLOWS, "disk_used_bytes")
OUTLOOK_MEASURES: dict[str, tuple[str, ...]] = {
    Kind.CLUSTER: _MACHINE,
    Kind.NODE: _MACHINE,
    Kind.SERVICE: ("cpu_cores", "memory_bytes", *_FLOWS, "block_read_bps", "block_write_bps"),
}
# A service's memory comes back with its next task; what is written on a disk stays.
FILLING: dict[str, tuple[str, ...]] = {
    Kind.CLUSTER: ("memory_bytes",),
    Kind.NODE: ("memory_bytes", "disk_used_bytes"),
}
FILLING_ELSE = ("disk_used_bytes",)
CAPACITY_COLUMNS = {
    "cpu_cores": "cpu_limit_cores",
    "memory_bytes": "memory_limit_bytes",
    "disk_used_bytes": "disk_total_bytes",
}
NOT_FILLING = frozenset({Kind.SERVICE, Kind.CONTAINER})


def outlook_measures(kind: str) -> tuple[str, ...]:
    """What is forecast of this kind of thing."""
    return OUTLOOK_MEASURES.get(kind, ())


def filling_measures(kind: str) -> tuple[str, ...]:
    """What of this kind of thing can become full: of anything with a disk's figures, the disk."""
    return () if kind in NOT_FILLING else FILLING.get(kind, FILLING_ELSE)


def capacity_of(row: MetricObject, measure: str) -> float | None:
    """How much there is, where that is known."""
    column = CAPACITY_COLUMNS.get(measure)
    return (getattr(row, column) or None) if column else None
