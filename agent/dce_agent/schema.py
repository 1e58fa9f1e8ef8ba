"""What is sampled: the tables, their columns in the order of the wire, and how each is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import isnan, nan


class Kind(Enum):
    """How a column comes from what was read."""

    GAUGE = auto()
    """As it was read."""
    RATE = auto()
    """Growth of a counter for each second since the read before."""
    SHARE = auto()
    """A counter's part of the growth of all such counters of its row."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name on the wire, the figure that it is made of, and its decimals there."""

    name: str
    figure: str
    kind: Kind
    decimals: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures of one thing at one moment, in the order of its table's columns; NaN is unknown."""

    key: str
    at_s: float
    """On the monotonic clock."""
    values: tuple[float, ...]
    epoch: str = ""
    """Counters of different epochs have nothing to do with each other."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One table's name and columns."""

    name: str
    columns: tuple[Column, ...]

    def reading(
        self, key: str, *, at_s: float, figures: Mapping[str, float], epoch: str = ""
    ) -> Reading:
        """Put figures into the order of the columns."""
        values = tuple([figures.get(column.figure, nan) for column in self.columns])
        return Reading(key, at_s, values, epoch)

    def figures(self, reading: Reading) -> dict[str, float]:
        """The figures of a reading that are known, by their names."""
        pairs = zip(self.columns, reading.values, strict=True)
        return {column.figure: value for column, value in pairs if not isnan(value)}


def _gauges(*names: str, decimals: int = 0) -> tuple[Column, ...]:
    return tuple(Column(name, name, Kind.GAUGE, decimals) for name in names)


def _rates(suffix: str, *names: str, decimals: int = 1) -> tuple[Column, ...]:
    return tuple(Column(f"{name}{suffix}", name, Kind.RATE, decimals) for name in names)


def _cores(*names: str) -> tuple[Column, ...]:
    return tuple(Column(f"{name}_cores", f"{name}_s", Kind.RATE, 5) for name in names)


def _ratios(*names: str) -> tuple[Column, ...]:
    return tuple(Column(f"{name}_ratio", f"{name}_s", Kind.RATE, 5) for name in names)


CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
PRESSURES = (
    ("cpu", "some"),
    ("memory", "some"),
    ("memory", "full"),
    ("io", "some"),
    ("io", "full"),
)
_PRESSURE_COLUMNS = _ratios(*(f"pressure_{what}_{level}" for what, level in PRESSURES))
NETWORK_FIGURES = (
    *("rx_bytes", "tx_bytes", "rx_packets", "tx_packets"),
    *("rx_errors", "tx_errors", "rx_drops", "tx_drops"),
)

HOST = Schema(
    "host",
    (
        *(Column(f"cpu_{mode}_ratio", f"cpu_{mode}_s", Kind.SHARE, 5) for mode in CPU_MODES),
        *_gauges("load_1m", "load_5m", "load_15m", decimals=2),
        *_gauges("memory_total_bytes", "memory_available_bytes", "memory_free_bytes"),
        *_gauges("memory_buffers_bytes", "memory_cached_bytes"),
        *_gauges("swap_total_bytes", "swap_used_bytes"),
        *_rates("_per_s", "uplink_rx_bytes", "uplink_tx_bytes"),
        *_PRESSURE_COLUMNS,
    ),
)
CONTAINERS = Schema(
    "containers",
    (
        *_cores("cpu", "cpu_user", "cpu_system"),
        *_gauges("cpu_limit_cores", decimals=3),
        *_ratios("cpu_throttled"),
        *_rates("_per_s", "cpu_periods", "cpu_throttled_periods"),
        *_gauges("memory_bytes", "memory_charged_bytes", "memory_limit_bytes", "swap_bytes"),
        *_gauges("oom_kills", "pids", "pids_limit"),
        *_rates("_per_s", *NETWORK_FIGURES),
        *_rates("_per_s", "block_read_bytes", "block_write_bytes", "block_reads", "block_writes"),
        *_PRESSURE_COLUMNS,
    ),
)
FILESYSTEMS = Schema(
    "filesystems",
    _gauges("size_bytes", "used_bytes", "available_bytes", "inodes", "inodes_used"),
)
DISKS = Schema(
    "disks",
    (
        *_rates("_per_s", "read_bytes", "write_bytes", "reads", "writes"),
        *_ratios("busy"),
    ),
)
INTERFACES = Schema("interfaces", _rates("_per_s", *NETWORK_FIGURES))
TEMPERATURES = Schema("temperatures", _gauges("celsius", decimals=1))

SCHEMAS = (HOST, CONTAINERS, FILESYSTEMS, DISKS, INTERFACES, TEMPERATURES)
