"""Figures of one control group, version 2: one folder has all controllers."""

from __future__ import annotations

from .files import figure, number, pressure_s, read
from .schema import PRESSURES


class CgroupV2:
    """The hierarchy under one root."""

    version = 2

    def __init__(self, root: str) -> None:
        """Read below ``root``, as a rule ``/sys/fs/cgroup``."""
        self.tree = root

    def usage(self, path: str) -> dict[str, float]:
        """What the group uses; nothing once it has ended."""
        folder = f"{self.tree}/{path}"
        cpu = read(f"{folder}/cpu.stat")
        if not cpu:
            return {}
        return {**_cpu(cpu), **_memory(folder), **_block(folder), **_pressure(folder)}

    def limits(self, path: str) -> dict[str, float]:
        """What the group may use; NaN where nothing holds it."""
        folder = f"{self.tree}/{path}"
        return {
            "cpu_limit_cores": _quota(read(f"{folder}/cpu.max")),
            "memory_limit_bytes": number(read(f"{folder}/memory.max")),
            "pids_limit": number(read(f"{folder}/pids.max")),
        }

    def processes(self, path: str) -> list[int]:
        """The numbers of its processes."""
        return [int(pid) for pid in read(f"{self.tree}/{path}/cgroup.procs").split()]


def _cpu(stat: bytes) -> dict[str, float]:
    return {
        "cpu_s": figure(stat, b"usage_usec") / 1e6,
        "cpu_user_s": figure(stat, b"user_usec") / 1e6,
        "cpu_system_s": figure(stat, b"system_usec") / 1e6,
        "cpu_throttled_s": figure(stat, b"throttled_usec") / 1e6,
        "cpu_periods": figure(stat, b"nr_periods"),
        "cpu_throttled_periods": figure(stat, b"nr_throttled"),
    }


def _memory(folder: str) -> dict[str, float]:
    charged = number(read(f"{folder}/memory.current"))
    droppable = figure(read(f"{folder}/memory.stat"), b"inactive_file")
    return {
        "memory_charged_bytes": charged,
        "memory_bytes": charged - droppable if droppable < charged else charged,
        "swap_bytes": number(read(f"{folder}/memory.swap.current")),
        "oom_kills": figure(read(f"{folder}/memory.events"), b"oom_kill"),
        "pids": number(read(f"{folder}/pids.current")),
    }


def _block(folder: str) -> dict[str, float]:
    """Sums over the devices; a device that was never used has a line without numbers."""
    names = {b"rbytes": 0.0, b"wbytes": 0.0, b"rios": 0.0, b"wios": 0.0}
    for word in read(f"{folder}/io.stat").split():
        name, _, value = word.partition(b"=")
        if name in names:
            names[name] += number(value)
    return {
        "block_read_bytes": names[b"rbytes"],
        "block_write_bytes": names[b"wbytes"],
        "block_reads": names[b"rios"],
        "block_writes": names[b"wios"],
    }


def _pressure(folder: str) -> dict[str, float]:
    texts = {what: read(f"{folder}/{what}.pressure") for what in ("cpu", "memory", "io")}
    return {
        f"pressure_{what}_{level}_s": pressure_s(texts[what], level.encode())
        for what, level in PRESSURES
    }


def _quota(text: bytes) -> float:
    quota, _, period = text.partition(b" ")
    return number(quota) / (number(period) or 1.0)
