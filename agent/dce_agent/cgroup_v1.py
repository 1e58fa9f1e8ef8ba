"""Figures of one control group, version 1: each controller has a hierarchy of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import nan

from .files import figure, number, read

NANOSECONDS = 1e9
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
UNLIMITED_BYTES = 2**60  # the kernel writes the largest number of pages that it can count
# Older kernels have no sums over the groups below.
BLOCK_BYTES = ("blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes")
BLOCK_OPERATIONS = ("blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced")


class CgroupV1:
    """The hierarchies, by controller."""

    version = 1

    def __init__(self, roots: Mapping[str, str]) -> None:
        """Know the folder of each controller that is mounted; one is enough to look for groups."""
        self._roots = roots
        self.tree = next(
            roots[name] for name in ("memory", "cpuacct", "pids", *roots) if name in roots
        )

    def usage(self, path: str) -> dict[str, float]:
        """What the group uses; nothing once it has ended."""
        total = self._read("cpuacct", path, "cpuacct.usage")
        if not total:
            return {}
        return {
            "cpu_s": number(total) / NANOSECONDS,
            **self._cpu(path),
            **self._memory(path),
            **self._block(path),
            "pids": number(self._read("pids", path, "pids.current")),
        }

    def limits(self, path: str) -> dict[str, float]:
        """What the group may use; NaN where nothing holds it."""
        quota = number(self._read("cpu", path, "cpu.cfs_quota_us"))
        period = number(self._read("cpu", path, "cpu.cfs_period_us"))
        memory = number(self._read("memory", path, "memory.limit_in_bytes"))
        return {
            "cpu_limit_cores": quota / period if quota > 0 and period > 0 else nan,
            "memory_limit_bytes": memory if memory < UNLIMITED_BYTES else nan,
            "pids_limit": number(self._read("pids", path, "pids.max")),
        }

    def processes(self, path: str) -> list[int]:
        """The numbers of its processes."""
        return [int(pid) for pid in read(f"{self.tree}/{path}/cgroup.procs").split()]

    def _read(self, controller: str, path: str, name: str) -> bytes:
        root = self._roots.get(controller)
        return read(f"{root}/{path}/{name}") if root else b""

    def _cpu(self, path: str) -> dict[str, float]:
        by_mode = self._read("cpuacct", path, "cpuacct.stat")
        throttling = self._read("cpu", path, "cpu.stat")
        return {
            "cpu_user_s": figure(by_mode, b"user") / TICKS_PER_S,
            "cpu_system_s": figure(by_mode, b"system") / TICKS_PER_S,
            "cpu_throttled_s": figure(throttling, b"throttled_time") / NANOSECONDS,
            "cpu_periods": figure(throttling, b"nr_periods"),
            "cpu_throttled_periods": figure(throttling, b"nr_throttled"),
        }

    def _memory(self, path: str) -> dict[str, float]:
        charged = number(self._read("memory", path, "memory.usage_in_bytes"))
        detail = self._read("memory", path, "memory.stat")
        droppable = figure(detail, b"total_inactive_file")
        return {
            "memory_charged_bytes": charged,
            "memory_bytes": charged - droppable if droppable < charged else charged,
            "swap_bytes": figure(detail, b"total_swap"),
            "oom_kills": figure(self._read("memory", path, "memory.oom_control"), b"oom_kill"),
        }

    def _block(self, path: str) -> dict[str, float]:
        bytes_read, bytes_written = self._directions(path, BLOCK_BYTES)
        reads, writes = self._directions(path, BLOCK_OPERATIONS)
        return {
            "block_read_bytes": bytes_read,
            "block_write_bytes": bytes_written,
            "block_reads": reads,
            "block_writes": writes,
        }

    def _directions(self, path: str, names: tuple[str, ...]) -> tuple[float, float]:
        """Sums over the devices, read and written (`254:0 Read 4096`)."""
        text = next(filter(None, (self._read("blkio", path, name) for name in names)), b"")
        if not text:
            return nan, nan
        words = text.split()
        return _sum_after(words, b"Read"), _sum_after(words, b"Write")


def _sum_after(words: list[bytes], direction: bytes) -> float:
    return sum((number(words[i + 1]) for i, word in enumerate(words) if word == direction), 0.0)
