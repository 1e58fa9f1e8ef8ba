"""Whether tasks that must leave a node find room on the others; pure.

It follows the Swarm's own filters (ready and active, reservations, constraints, platform,
most tasks a node) and, as the Swarm does, places one task after the other. It knows nothing of
published host ports, volumes and plug-ins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from apps.nodes.rules.placement import NodeFacts, runs_on, unmet_constraint

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """A node that could take tasks, with what no reservation has taken yet."""

    node: NodeFacts
    free_cpu_nano: int
    free_memory_bytes: int
    tasks: Mapping[str, int] = field(default_factory=dict)
    """How many tasks of each service run there already."""


@dataclass(frozen=True, slots=True)
class Load:
    """The tasks of one service that must leave."""

    service: str
    name: str
    count: int
    cpu_nano: int = 0
    memory_bytes: int = 0
    constraints: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    max_per_node: int = 0


@dataclass(frozen=True, slots=True)
class Misfit:
    """Tasks of one service that find no node, and why."""

    load: Load
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the tasks would go: service and host name with a count, and those that stay without a node."""

    placed: Mapping[tuple[str, str], int]
    misfits: tuple[Misfit, ...]


@dataclass(slots=True)
class _Filling:
    """A node while tasks are placed on it."""

    room: Room
    cpu_nano: int
    memory_bytes: int
    tasks: Counter[str]

    def refuses(self, load: Load) -> str:
        """Why one more task of the service has no place here; empty where it has."""
        node = self.room.node
        if not runs_on(load.platforms, node):
            return _("no form of the image runs on %(system)s") % {
                "system": f"{node.os}/{node.architecture}"
            }
        if unmet := unmet_constraint(load.constraints, node):
            return _("the constraint %(constraint)s is not met") % {"constraint": unmet}
        if load.max_per_node and self.tasks[load.service] >= load.max_per_node:
            return _("%(most)s tasks of the service run there already, the most that it allows") % {
                "most": self.tasks[load.service]
            }
        return self._lacks(load)

    def _lacks(self, load: Load) -> str:
        # What reserves nothing goes anywhere, even where others reserved more than there is.
        if load.cpu_nano and load.cpu_nano > self.cpu_nano:
            return _("too little CPU is left unreserved")
        if load.memory_bytes and load.memory_bytes > self.memory_bytes:
            return _("too little memory is left unreserved")
        return ""

    def take(self, load: Load) -> None:
        """Place one task."""
        self.cpu_nano -= load.cpu_nano
        self.memory_bytes -= load.memory_bytes
        self.tasks[load.service] += 1

    def busyness(self, load: Load) -> tuple[int, int]:
        """What the Swarm spreads by: the service's own tasks first, then all."""
        return self.tasks[load.service], self.tasks.total()


def fit(loads: Sequence[Load], rooms: Sequence[Room]) -> Fit:
    """Place every task, the largest reservations first, each where the fewest of its service run."""
    fillings = [
        _Filling(room, room.free_cpu_nano, room.free_memory_bytes, Counter(room.tasks))
        for room in rooms
    ]
    placed: Counter[tuple[str, str]] = Counter()
    misfits = []
    for load in sorted(loads, key=lambda item: (item.memory_bytes, item.cpu_nano), reverse=True):
        left = _place(load, fillings, placed)
        if left:
            misfits.append(Misfit(load, left, _why(load, fillings)))
    return Fit(placed, tuple(misfits))


def _place(load: Load, fillings: Sequence[_Filling], placed: Counter[tuple[str, str]]) -> int:
    """Place the service's tasks; returns how many are left."""
    for number in range(load.count):
        open_to_it = [filling for filling in fillings if not filling.refuses(load)]
        if not open_to_it:
            return load.count - number
        chosen = min(open_to_it, key=lambda filling: filling.busyness(load))
        chosen.take(load)
        placed[load.service, chosen.room.node.hostname] += 1
    return 0


def _why(load: Load, fillings: Sequence[_Filling]) -> str:
    """Each reason once, with the nodes that it holds for."""
    if not fillings:
        return _("no other node is ready and active")
    reasons: dict[str, list[str]] = {}
    for filling in fillings:
        reasons.setdefault(filling.refuses(load), []).append(filling.room.node.hostname)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
