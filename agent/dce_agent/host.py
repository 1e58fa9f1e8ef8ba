"""The host's own figures: processors, load, memory, pressure."""

from __future__ import annotations

import os

from .files import figure, number, pressure_s, read
from .schema import CPU_MODES, PRESSURES

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MEMORY_FIGURES = {
    "memory_total_bytes": b"MemTotal",
    "memory_available_bytes": b"MemAvailable",
    "memory_free_bytes": b"MemFree",
    "memory_buffers_bytes": b"Buffers",
    "swap_total_bytes": b"SwapTotal",
}


def host_figures(proc: str) -> dict[str, float]:
    """Everything of the host that is one row."""
    return {**_cpu(proc), **_load(proc), **_memory(proc), **_pressure(proc)}


def cpu_count(proc: str) -> int:
    """The processors that are on line."""
    lines = read(f"{proc}/stat").splitlines()
    return sum(line.startswith(b"cpu") for line in lines) - 1


def _cpu(proc: str) -> dict[str, float]:
    """Seconds by mode; time in guests is counted in user already."""
    words = read(f"{proc}/stat").partition(b"\n")[0].split()[1:]
    modes = zip(CPU_MODES, words, strict=False)
    return {f"cpu_{mode}_s": number(ticks) / TICKS_PER_S for mode, ticks in modes}


def _load(proc: str) -> dict[str, float]:
    words = read(f"{proc}/loadavg").split()[:3]
    names = ("load_1m", "load_5m", "load_15m")
    return dict(zip(names, map(float, words), strict=False))


def _memory(proc: str) -> dict[str, float]:
    text = read(f"{proc}/meminfo")
    figures = {name: _kibibytes(text, label) for name, label in MEMORY_FIGURES.items()}
    cached = _kibibytes(text, b"Cached") + _kibibytes(text, b"SReclaimable")
    swap_used = figures["swap_total_bytes"] - _kibibytes(text, b"SwapFree")
    return {**figures, "memory_cached_bytes": cached, "swap_used_bytes": swap_used}


def _kibibytes(text: bytes, label: bytes) -> float:
    return figure(text, label, separator=b":") * 1024


def _pressure(proc: str) -> dict[str, float]:
    texts = {what: read(f"{proc}/pressure/{what}") for what in ("cpu", "memory", "io")}
    return {
        f"pressure_{what}_{level}_s": pressure_s(texts[what], level.encode())
        for what, level in PRESSURES
    }
