"""Two readings of counters → usage between them. Pure; what cannot be told is None, never a guess.

CPU follows the docker CLI: the container's share of the machine's processor time, times its
processors. Where the engine gives no machine time, the clock stands in for it.
"""

from __future__ import annotations

from apps.metrics.measures import Figures
from apps.metrics.ports import HostCounters
from apps.nodes.ports import ContainerCounters

LONGEST_GAP_S = 120.0
NANOSECONDS = 1e9
# Rounding of counters may put a busy container a little above all of its processors.
CPU_TOLERANCE = 1.1
# The machine's own time and the clock may differ by this much before the clock is not believed.
CLOCK_TOLERANCE_S = 2.0
CLOCK_TOLERANCE = 0.5


def usage(previous: ContainerCounters | None, current: ContainerCounters) -> Figures:
    """One container's figures; without a usable previous reading only what needs none."""
    levels = Figures(memory_bytes=float(current.memory_bytes), pids=current.pids)
    if previous is None or _is_new_start(previous, current):
        return levels
    elapsed_s = _elapsed_s(previous, current)
    if elapsed_s is None:
        return levels
    return Figures(
        cpu_cores=_cpu_cores(previous, current, elapsed_s),
        memory_bytes=levels.memory_bytes,
        network_rx_bps=_per_s(previous.network_rx_bytes, current.network_rx_bytes, elapsed_s),
        network_tx_bps=_per_s(previous.network_tx_bytes, current.network_tx_bytes, elapsed_s),
        block_read_bps=_per_s(previous.block_read_bytes, current.block_read_bytes, elapsed_s),
        block_write_bps=_per_s(previous.block_write_bytes, current.block_write_bytes, elapsed_s),
        pids=levels.pids,
    )


def host_usage(previous: HostCounters | None, current: HostCounters) -> Figures:
    """The machine's figures; without a usable previous reading only what needs none."""
    rates: dict[str, float | None] = {}
    elapsed_s = (current.read_at - previous.read_at).total_seconds() if previous else 0.0
    if previous is not None and 0 < elapsed_s <= LONGEST_GAP_S:
        rates = _host_rates(previous, current, elapsed_s)
    return Figures(
        memory_bytes=float(current.memory_used_bytes),
        pids=float(current.pids),
        load_1m=current.load_1m,
        swap_used_bytes=float(current.swap_used_bytes),
        disk_used_bytes=float(current.disk_used_bytes),
        disk_total_bytes=float(current.disk_total_bytes),
        **rates,
    )


def _host_rates(
    previous: HostCounters, current: HostCounters, elapsed_s: float
) -> dict[str, float | None]:
    cores = _per_s(previous.cpu_busy_s, current.cpu_busy_s, elapsed_s)
    believable = cores is not None and cores <= current.cpu_count * CPU_TOLERANCE
    return {
        "cpu_cores": cores if believable else None,
        "network_rx_bps": _per_s(previous.network_rx_bytes, current.network_rx_bytes, elapsed_s),
        "network_tx_bps": _per_s(previous.network_tx_bytes, current.network_tx_bytes, elapsed_s),
        "block_read_bps": _per_s(previous.block_read_bytes, current.block_read_bytes, elapsed_s),
        "block_write_bps": _per_s(previous.block_write_bytes, current.block_write_bytes, elapsed_s),
    }


def _is_new_start(previous: ContainerCounters, current: ContainerCounters) -> bool:
    """Counters that went back belong to another life of the container."""
    return current.cpu_total_ns < previous.cpu_total_ns


def _elapsed_s(previous: ContainerCounters, current: ContainerCounters) -> float | None:
    """The time between the readings; None when it cannot be trusted."""
    clock_s = (current.read_at - previous.read_at).total_seconds()
    if not 0 < clock_s <= LONGEST_GAP_S:
        return None
    machine_s = _machine_s(previous, current)
    if machine_s is None:
        return clock_s
    difference_s = abs(machine_s - clock_s)
    jumped = difference_s > CLOCK_TOLERANCE_S and difference_s > CLOCK_TOLERANCE * machine_s
    return None if jumped else clock_s


def _machine_s(previous: ContainerCounters, current: ContainerCounters) -> float | None:
    """The same time by the machine's processors, idle time included; None where not told."""
    delta_ns = current.system_cpu_ns - previous.system_cpu_ns
    if previous.system_cpu_ns <= 0 or delta_ns <= 0 or current.online_cpus <= 0:
        return None
    return delta_ns / NANOSECONDS / current.online_cpus


def _cpu_cores(
    previous: ContainerCounters, current: ContainerCounters, elapsed_s: float
) -> float | None:
    used_s = (current.cpu_total_ns - previous.cpu_total_ns) / NANOSECONDS
    cores = used_s / (_machine_s(previous, current) or elapsed_s)
    limit = current.online_cpus * CPU_TOLERANCE if current.online_cpus else float("inf")
    return cores if cores <= limit else None


def _per_s(previous: float | None, current: float | None, elapsed_s: float) -> float | None:
    if previous is None or current is None or current < previous:
        return None
    return (current - previous) / elapsed_s
