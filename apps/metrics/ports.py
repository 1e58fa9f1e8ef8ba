"""What usage asks of the machine that the portal itself runs on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HostCounters:
    """The machine's own figures at one moment; times and bytes count up since its start."""

    read_at: datetime
    cpu_busy_s: float
    cpu_count: int
    memory_used_bytes: int
    network_rx_bytes: int
    network_tx_bytes: int
    block_read_bytes: int
    block_write_bytes: int
    pids: int
    load_1m: float
    swap_used_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int


class HostPort(Protocol):
    """The machine that the portal runs on."""

    def counters(self) -> HostCounters | None:
        """Read the figures now, without waiting; None where the system does not tell them."""
        ...
