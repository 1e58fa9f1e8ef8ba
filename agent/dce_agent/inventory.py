"""What the engine has, as it was last heard: which containers run, and how its lists differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Entry = Mapping[str, Any]
ALIVE = frozenset({"running", "paused"})
STARTS, ENDS = frozenset({"start"}), frozenset({"die", "destroy"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of a list that is new or other than before, or gone (None)."""

    kind: str
    id: str
    entry: Entry | None


@dataclass(slots=True)
class Inventory:
    """The last lists, with what events have said since."""

    containers: dict[str, Entry] = field(default_factory=dict)
    images: dict[str, Entry] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Learn from an event at once what the next list will say."""
        action, container = str(event.get("Action")), str(event["Actor"].get("ID"))
        if event.get("Type") != "container":
            return
        if action in STARTS:
            self.running.add(container)
        elif action in ENDS:
            self.running.discard(container)

    def take_containers(self, entries: Iterable[Entry]) -> list[Difference]:
        """Compare with a new list and keep that."""
        found = {str(entry["Id"]): entry for entry in entries}
        differences = _compare("container", self.containers, found)
        self.containers = found
        self.running = {id_ for id_, entry in found.items() if str(entry.get("State")) in ALIVE}
        return differences

    def take_images(self, entries: Iterable[Entry]) -> list[Difference]:
        """Compare with a new list and keep that."""
        found = {str(entry["Id"]): entry for entry in entries}
        differences = _compare("image", self.images, found)
        self.images = found
        return differences


def _compare(kind: str, old: Mapping[str, Entry], new: Mapping[str, Entry]) -> list[Difference]:
    changed = [
        Difference(kind, id_, entry)
        for id_, entry in new.items()
        if id_ not in old or _lasting(old[id_]) != _lasting(entry)
    ]
    return changed + [Difference(kind, id_, None) for id_ in old if id_ not in new]


def _lasting(entry: Entry) -> dict[str, Any]:
    """An entry without what changes by itself: `healthy` of `Up 5 minutes (healthy)` is kept."""
    remark = str(entry.get("Status", "")).partition("(")[2].partition(")")[0]
    return {**entry, "Status": remark, "Containers": None}
