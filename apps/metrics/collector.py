"""What the poll worker remembers between two polls: the last counters, which rows are due, and what was written.

It lives in memory only. After a restart the first poll gives memory alone and the second
one everything again; nothing is stored twice or lost by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from apps.metrics import rates
from apps.metrics.measures import Figures, believable
from apps.metrics.minutes import OpenMinutes
from apps.metrics.object_keys import ObjectKeys
from apps.metrics.ports import HostCounters, HostPort
from apps.metrics.store import Memory
from apps.metrics.store import memory as own_memory
from apps.nodes.ports import ContainerCounters

MOST_NODES = 5000
TOTALS_EVERY_S = 5
# After a start, a total waits until every node has answered once: a sum of a few would look like a drop.
FIRST_TOTAL_AFTER_S = 11


def _new_memory() -> Memory:
    return Memory(ObjectKeys(), OpenMinutes())


@dataclass(slots=True)
class Collector:
    """Shared by the threads of one process; a node's entry goes when its containers do."""

    written: Memory = field(default_factory=_new_memory)
    _containers: dict[int, dict[str, ContainerCounters]] = field(default_factory=dict)
    _hosts: dict[int, HostCounters] = field(default_factory=dict)
    _due_at_s: dict[tuple[str, int], int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def container_figures(
        self, node_id: int, counters: Sequence[ContainerCounters]
    ) -> dict[str, Figures]:
        """Usage by container since the poll before; this poll's counters are kept for the next."""
        with self._lock:
            previous = self._containers.pop(node_id, {})
            self._containers[node_id] = {one.container_id: one for one in counters}
            _shrink(self._containers)
        return {
            one.container_id: believable(rates.usage(previous.get(one.container_id), one))
            for one in counters
        }

    def host_figures(self, node_id: int, host: HostPort) -> Figures | None:
        """The machine's usage since the poll before; None where it cannot be read."""
        current = host.counters()
        if current is None:
            return None
        with self._lock:
            previous = self._hosts.pop(node_id, None)
            self._hosts[node_id] = current
            _shrink(self._hosts)
        return believable(rates.host_usage(previous, current))

    def take_due(self, kind: str, refs: Iterable[int], at_s: int) -> list[int]:
        """Those whose totals are due: each gets one row in a few seconds, however many nodes answer."""
        with self._lock:
            first_s = at_s + FIRST_TOTAL_AFTER_S
            due = [ref for ref in refs if at_s >= self._due_at_s.setdefault((kind, ref), first_s)]
            self._due_at_s.update({(kind, ref): at_s + TOTALS_EVERY_S for ref in due})
            _shrink(self._due_at_s, most=MOST_NODES * 10)
        return due


def _shrink[Key, Value](kept: dict[Key, Value], *, most: int = MOST_NODES) -> None:
    """Forget the entries that were written longest ago."""
    while len(kept) > most:
        del kept[next(iter(kept))]


collector = Collector(written=own_memory)
