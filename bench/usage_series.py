"""Series as containers really make them, for benchmarks: noise, bursts, steps and days, not idle zeros."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PAGE = 4096
MEASURED = (
    *("cpu_cores", "memory_bytes", "network_rx_bps", "network_tx_bps"),
    *("block_read_bps", "block_write_bps", "pids"),
)
Numbers = npt.NDArray[np.float64]


def usage_of(number: int, ticks: int) -> Numbers:
    """One container's figures, a row a tick, a column a measure; each number is another container."""
    random = np.random.default_rng(number)
    load = _load(random, ticks)
    cores = np.round(load * random.uniform(0.05, 1.5), 4)
    memory = _memory(random, ticks, load)
    received = load * random.uniform(2e3, 5e6) * random.lognormal(0, 0.3, ticks)
    sent = received * random.uniform(0.3, 4) * random.lognormal(0, 0.1, ticks)
    reads = _bursts(random, ticks, share=0.15, size=2e6)
    writes = _bursts(random, ticks, share=0.6, size=3e5)
    processes = np.round(random.integers(2, 60) + np.cumsum(random.random(ticks) < 0.002))
    columns = (cores, memory, received, sent, reads, writes, processes)
    return np.column_stack([np.round(column, 4) for column in columns])


def _load(random: np.random.Generator, ticks: int) -> Numbers:
    """Slow waves, sticky noise and spikes."""
    waves = 0.6 + 0.3 * np.sin(np.linspace(0, random.uniform(2, 9), ticks) + random.uniform(0, 6))
    noise, sticky = random.normal(0, 0.06, ticks), np.empty(ticks)
    level = 0.0
    for tick in range(ticks):
        level = 0.85 * level + noise[tick]
        sticky[tick] = level
    spikes = (random.random(ticks) < 0.01) * random.exponential(1.0, ticks)
    return np.maximum(waves + sticky + spikes, 0.001)


def _memory(random: np.random.Generator, ticks: int, load: Numbers) -> Numbers:
    """Whole pages: what is kept, what the load needs, and what grows until it is freed."""
    kept = random.uniform(3e7, 4e9)
    grown = np.cumsum(random.exponential(2e4, ticks)) % random.uniform(1e7, 2e8)
    return np.round((kept + load * kept * 0.02 + grown) / PAGE) * PAGE


def _bursts(random: np.random.Generator, ticks: int, *, share: float, size: float) -> Numbers:
    busy = random.random(ticks) < share
    return np.round(busy * random.lognormal(np.log(size), 1.0, ticks))
