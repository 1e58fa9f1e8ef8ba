"""Metric families as both text forms and remote write know them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Labels = Mapping[str, str]
Place = tuple[str, str]
"""What the name ends with (in a histogram), and the labels as the text forms write them."""

# What Prometheus calls the portal's measures: base units, no abbreviations.
SUFFIXES = {
    "cpu_cores": "cpu_usage_cores",
    "memory_bytes": "memory_usage_bytes",
    "network_rx_bps": "network_receive_bytes_per_second",
    "network_tx_bps": "network_transmit_bytes_per_second",
    "block_read_bps": "block_read_bytes_per_second",
    "block_write_bps": "block_write_bytes_per_second",
    "pids": "processes",
    "load_1m": "load1",
    "swap_used_bytes": "swap_usage_bytes",
    "disk_used_bytes": "disk_usage_bytes",
    "disk_total_bytes": "disk_size_bytes",
}
HELPS = {
    "cpu_cores": "Processors in use, by the newest sample.",
    "memory_bytes": "Memory in use, without what the kernel may take back.",
    "network_rx_bps": "Received from the network.",
    "network_tx_bps": "Sent to the network.",
    "block_read_bps": "Read from disks.",
    "block_write_bps": "Written to disks.",
    "pids": "Processes and threads.",
    "load_1m": "Load average of one minute.",
    "swap_used_bytes": "Swap in use.",
    "disk_used_bytes": "Disk in use, of the root file system.",
    "disk_total_bytes": "Size of the root file system.",
}


@dataclass(slots=True)
class Family:
    """One metric with its points; a counter's name is without `_total`."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    help: str
    points: list[tuple[Place, float]] = field(default_factory=list)

    def add(self, value: float | None, labels: str = "", *, ending: str = "") -> None:
        """One more point; nothing where the value is not known."""
        if value is not None:
            self.points.append(((ending, labels), float(value)))


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by upper bound, how many there were, and their sum."""

    bounds: Sequence[float]
    counts: Sequence[int]
    sum: float


def measure_name(kind: str, measure: str) -> str:
    """The metric of an object's measure; a measure that has no name here keeps its own."""
    return f"dce_{kind}_{SUFFIXES.get(measure, measure)}"


def written(labels: Labels) -> str:
    """`a="1",b="2"`, as both text forms have it; empty values say nothing and are left out."""
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def distinct(families: Iterable[Family], *, most: int) -> Iterator[tuple[Family, int]]:
    """Each family with points of different labels, `most` in all; and how many were left out of it."""
    room = most
    for family in families:
        kept = dict(family.points)
        left_out = len(family.points) - min(len(kept), room)
        family.points = list(kept.items())[:room]
        room -= len(family.points)
        yield family, left_out
