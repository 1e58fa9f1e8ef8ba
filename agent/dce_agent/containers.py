"""Figures of containers, by their IDs: control group, limits and network."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import inf

from .cgroups import Hierarchy, Locator
from .network import Interfaces, interfaces, summed
from .schema import CONTAINERS, Reading

LIMITS_LAST_S = 30.0


@dataclass(slots=True)
class _Run:
    """What is found out once for each run of a container."""

    path: str
    epoch: str
    pid: int = 0
    shares_host_network: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    limits_read_at_s: float = -inf


class ContainerReader:
    """Reads containers; needs no engine for it."""

    def __init__(self, hierarchy: Hierarchy, *, proc: str) -> None:
        """Read control groups from ``hierarchy`` and networks from ``proc``."""
        self._hierarchy = hierarchy
        self._locator = Locator(hierarchy)
        self._proc = proc
        self._runs: dict[str, _Run] = {}
        self._epochs = count(1)

    def read(self, ids: Iterable[str]) -> Iterator[Reading]:
        """A reading of each of those that run."""
        for container, path in self._locator.paths(ids).items():
            if reading := self._read_one(container, path):
                yield reading

    def forget(self, container: str) -> None:
        """It has started or ended: find everything out anew."""
        self._runs.pop(container, None)

    def forget_limits(self, container: str) -> None:
        """Read its limits anew next time."""
        if run := self._runs.get(container):
            run.limits_read_at_s = -inf

    def _read_one(self, container: str, path: str) -> Reading | None:
        at_s = time.monotonic()
        usage = self._hierarchy.usage(path)
        if not usage:
            self._locator.forget(container)
            self.forget(container)
            return None
        run = self._run_of(container, path)
        figures = {**usage, **self._limits(run, at_s), **self._network(run)}
        return CONTAINERS.reading(container, at_s=at_s, figures=figures, epoch=run.epoch)

    def _run_of(self, container: str, path: str) -> _Run:
        run = self._runs.get(container)
        if run is None:
            run = self._runs[container] = _Run(path, epoch=str(next(self._epochs)))
        return run

    def _limits(self, run: _Run, now_s: float) -> dict[str, float]:
        if now_s - run.limits_read_at_s > LIMITS_LAST_S:
            run.limits, run.limits_read_at_s = self._hierarchy.limits(run.path), now_s
        return run.limits

    def _network(self, run: _Run) -> dict[str, float]:
        """Sums over its interfaces; none on the host's network, whose bytes are not its own."""
        found = self._interfaces(run)
        if found is None:
            self._find_process(run)
            found = self._interfaces(run)
        return summed(found.values()) if found else {}

    def _interfaces(self, run: _Run) -> Interfaces | None:
        if run.shares_host_network:
            return {}
        return interfaces(f"{self._proc}/{run.pid}/net/dev") if run.pid else None

    def _find_process(self, run: _Run) -> None:
        """Any process will do, since all of a container share one network; the lowest lives long."""
        run.pid = min(self._hierarchy.processes(run.path), default=0)
        namespace = self._network_namespace(run.pid)
        # The first process may not be looked at from a container without its capabilities; the
        # sampler runs on the host's network itself.
        own = {self._network_namespace(1), self._network_namespace("self")}
        run.shares_host_network = bool(namespace) and namespace in own

    def _network_namespace(self, pid: int | str) -> str:
        try:
            return os.readlink(f"{self._proc}/{pid}/ns/net")
        except OSError:
            return ""
