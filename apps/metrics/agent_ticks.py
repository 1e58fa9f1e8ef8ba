"""An agent's answer → rows of figures at our own time. Pure; a gap stays a gap.

The rates were made on the node, so that nothing here depends on when or how often it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apps.metrics.measures import Figures, Values, believable_values
from apps.nodes.ports.agent import AgentSnapshot, AgentTable, AgentTicks, Column

# A step of the node's clock between two samples that is larger than this is no sampling's jitter.
JUMP_S = 2.0
ROOT = "/"
# Parts of disks that are counted themselves.
STACKED_DISKS = ("dm-", "md")

CONTAINER_COLUMNS = (
    *("cpu_cores", "memory_bytes", "rx_bytes_per_s", "tx_bytes_per_s"),
    *("block_read_bytes_per_s", "block_write_bytes_per_s", "pids"),
)
# A container has no load, swap and disk of its own.
CONTAINER_GAPS: tuple[None, ...] = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing's figures of one tick, in the order of MEASURES."""

    key: str
    at_s: int
    values: Values


def moments(ticks: AgentTicks, *, clock_ahead_s: float) -> list[float]:
    """When the samples were taken by our clock.

    The newest is right by the node's present clock; where that jumped since an earlier
    one, the monotonic time between them says when the earlier one was.
    """
    at_s = [at_ms / 1e3 - clock_ahead_s for at_ms in ticks.at_unix_ms]
    for number in range(len(at_s) - 1, 0, -1):
        interval_ms = ticks.interval_ms[number]
        if interval_ms is None:
            continue
        jump_s = at_s[number] - at_s[number - 1] - interval_ms / 1e3
        if abs(jump_s) > JUMP_S:
            at_s[:number] = [earlier_s + jump_s for earlier_s in at_s[:number]]
    return at_s


def container_rows(snapshot: AgentSnapshot, at_s: list[int]) -> list[Row]:
    """The containers' figures, oldest first."""
    table = snapshot.tables["containers"]
    columns = [table.columns[name] for name in CONTAINER_COLUMNS]
    return [
        Row(table.keys[key], at_s[tick], believable_values((*values, *CONTAINER_GAPS)))
        for tick, key, *values in zip(table.tick, table.key, *columns, strict=True)
    ]


def container_limits(snapshot: AgentSnapshot) -> dict[str, float | None]:
    """The newest memory limit of each container; None where nothing holds it."""
    table = snapshot.tables["containers"]
    limits = table.columns["memory_limit_bytes"]
    return {table.keys[key]: limit for key, limit in zip(table.key, limits, strict=True)}


def host_rows(snapshot: AgentSnapshot, at_s: list[int]) -> list[Row]:
    """The machine's figures, oldest first."""
    read, write = _disk_sums(snapshot.tables["disks"])
    disks = _root_disk(snapshot.tables["filesystems"])
    rows = []
    for tick, host in _host_ticks(snapshot.tables["host"]):
        total, used = disks.get(tick, (None, None))
        figures = Figures(
            cpu_cores=_busy_cores(host, snapshot.node.cpu_count),
            memory_bytes=_minus(host["memory_total_bytes"], host["memory_available_bytes"]),
            network_rx_bps=host["uplink_rx_bytes_per_s"],
            network_tx_bps=host["uplink_tx_bytes_per_s"],
            block_read_bps=read.get(tick),
            block_write_bps=write.get(tick),
            load_1m=host["load_1m"],
            swap_used_bytes=host["swap_used_bytes"],
            disk_used_bytes=used,
            disk_total_bytes=total,
        )
        rows.append(Row("", at_s[tick], believable_values(figures.as_tuple())))
    return rows


def _host_ticks(table: AgentTable) -> Iterator[tuple[int, Mapping[str, float | None]]]:
    for row, tick in enumerate(table.tick):
        yield tick, {name: column[row] for name, column in table.columns.items()}


def _busy_cores(host: Mapping[str, float | None], cpu_count: float) -> float | None:
    """What is neither idle nor waiting for a disk."""
    idle, waiting = host["cpu_idle_ratio"], host["cpu_iowait_ratio"]
    if idle is None:
        return None
    return max(1.0 - idle - (waiting or 0.0), 0.0) * cpu_count


def _minus(total: float | None, part: float | None) -> float | None:
    return None if total is None or part is None else max(total - part, 0.0)


def _disk_sums(table: AgentTable) -> tuple[dict[int, float], dict[int, float]]:
    """Bytes read and written a second by tick; a disk that is made of others is left out."""
    whole = {n for n, key in enumerate(table.keys) if not key.startswith(STACKED_DISKS)}
    names = ("read_bytes_per_s", "write_bytes_per_s")
    read, write = (_sums(table, table.columns[name], whole) for name in names)
    return read, write


def _sums(table: AgentTable, column: Column, keys: Iterable[int]) -> dict[int, float]:
    sums: dict[int, float] = {}
    for tick, key, value in zip(table.tick, table.key, column, strict=True):
        if value is not None and key in keys:
            sums[tick] = sums.get(tick, 0.0) + value
    return sums


def _root_disk(table: AgentTable) -> dict[int, tuple[float | None, float | None]]:
    """Size and use by tick of the filesystem at the root, or of the first where the root is none of a disk's."""
    if not table.keys:
        return {}
    chosen = table.keys.index(ROOT) if ROOT in table.keys else 0
    columns = (table.columns["size_bytes"], table.columns["used_bytes"])
    rows = zip(table.tick, table.key, *columns, strict=True)
    return {tick: (size, used) for tick, key, size, used in rows if key == chosen}
