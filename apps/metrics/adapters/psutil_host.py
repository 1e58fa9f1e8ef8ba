"""The portal's own machine through psutil."""

from __future__ import annotations

from datetime import UTC, datetime

import psutil

from apps.metrics.ports import HostCounters

# Loopback traffic never leaves the machine, and container links would count the same bytes again.
NOT_OUTSIDE = ("lo", "veth", "docker", "br-", "virbr", "cali", "flannel", "cni")
NOT_DISKS = ("loop", "ram", "dm-", "md", "zram")


class PsutilHost:
    """Reads /proc through psutil; a system that hides one of them gives no figures at all."""

    def __init__(self, *, disk_path: str = "/") -> None:
        """Remember whose file system counts as the machine's disk."""
        self.disk_path = disk_path

    def counters(self) -> HostCounters | None:
        """Read the figures now."""
        try:
            return self._read()
        except (OSError, RuntimeError, psutil.Error):
            return None

    def _read(self) -> HostCounters:
        rx_bytes, tx_bytes = _network()
        read_bytes, write_bytes = _block()
        disk = psutil.disk_usage(self.disk_path)
        memory = psutil.virtual_memory()
        return HostCounters(
            read_at=datetime.now(UTC),
            cpu_busy_s=_busy_s(),
            cpu_count=psutil.cpu_count() or 1,
            memory_used_bytes=memory.total - memory.available,
            network_rx_bytes=rx_bytes,
            network_tx_bytes=tx_bytes,
            block_read_bytes=read_bytes,
            block_write_bytes=write_bytes,
            pids=len(psutil.pids()),
            load_1m=psutil.getloadavg()[0],
            swap_used_bytes=psutil.swap_memory().used,
            disk_used_bytes=disk.used,
            disk_total_bytes=disk.total,
        )


def _busy_s() -> float:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # A guest's time is counted in user time already.
    counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - counted_twice)


def _network() -> tuple[int, int]:
    cards = psutil.net_io_counters(pernic=True)
    outside = [card for name, card in cards.items() if not name.startswith(NOT_OUTSIDE)]
    return sum(card.bytes_recv for card in outside), sum(card.bytes_sent for card in outside)


def _block() -> tuple[int, int]:
    disks = psutil.disk_io_counters(perdisk=True) or {}
    names = [name for name in disks if not name.startswith(NOT_DISKS)]
    # sda1 is a part of sda: only whole disks count.
    whole = [
        disks[name]
        for name in names
        if not any(name != other and name.startswith(other) for other in names)
    ]
    return sum(disk.read_bytes for disk in whole), sum(disk.write_bytes for disk in whole)
