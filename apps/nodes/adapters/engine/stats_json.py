"""One answer of `GET /containers/ID/stats` as counters, by the formulas of docker's own client; pure.

cgroup v1 and v2 differ in names only: v1 counts inactive pages as `total_inactive_file` and lists
`percpu_usage`; v2 has `inactive_file`, writes block operations in lower case and leaves empty lists null.
"""

from __future__ import annotations

from apps.nodes.adapters.engine.engine_json import require_object
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import ContainerCounters


def counters_of(raw: object, *, container_id: str) -> ContainerCounters | None:
    """The counters; None for a container that is stopping, whose figures are empty: a gap, not a zero."""
    stats = require_object(raw, what="/containers/…/stats")
    cpu, memory = stats.part("cpu_stats"), stats.part("memory_stats")
    usage, read_at = cpu.part("cpu_usage"), stats.moment("read")
    if read_at.year < 2000 or "total_usage" not in usage or not usage.whole("total_usage"):
        return None
    received, sent = _network(stats)
    block_read, block_written = _block(stats.part("blkio_stats"))
    return ContainerCounters(
        container_id=container_id,
        read_at=read_at,
        cpu_total_ns=usage.whole("total_usage"),
        system_cpu_ns=cpu.whole("system_cpu_usage"),
        online_cpus=_online_cpus(cpu),
        throttled_ns=cpu.part("throttling_data").whole("throttled_time"),
        memory_bytes=_memory_used(memory),
        memory_limit_bytes=memory.whole("limit"),
        network_rx_bytes=received,
        network_tx_bytes=sent,
        block_read_bytes=block_read,
        block_write_bytes=block_written,
        pids=stats.part("pids_stats").whole_or_none("current"),
    )


def _online_cpus(cpu: Facts) -> int:
    per_cpu = cpu.part("cpu_usage").raw.get("percpu_usage")
    listed = len(per_cpu) if isinstance(per_cpu, list) else 0
    return min(cpu.whole("online_cpus") or listed or 1, 2**31 - 1)


def _memory_used(memory: Facts) -> int:
    """Usage without the pages that the kernel may drop at once."""
    usage, detail = memory.whole("usage"), memory.part("stats")
    name = "total_inactive_file" if "total_inactive_file" in detail else "inactive_file"
    inactive = detail.whole(name)
    return usage - inactive if inactive < usage else usage


def _network(stats: Facts) -> tuple[int | None, int | None]:
    """Sums over the interfaces; a container on the host's network has none."""
    if "networks" not in stats:
        return None, None
    interfaces = [Facts(item) for item in stats.part("networks").raw.values()]
    received = sum(interface.whole("rx_bytes") for interface in interfaces)
    return received, sum(interface.whole("tx_bytes") for interface in interfaces)


def _block(block: Facts) -> tuple[int | None, int | None]:
    """Sums by the operation's first letter; null is an engine's word for nothing yet."""
    if "io_service_bytes_recursive" not in block.raw:
        return None, None
    entries = block.parts("io_service_bytes_recursive")
    return _sum_of(entries, "r"), _sum_of(entries, "w")


def _sum_of(entries: list[Facts], letter: str) -> int:
    return sum(entry.whole("value") for entry in entries if entry.text("op")[:1].lower() == letter)
