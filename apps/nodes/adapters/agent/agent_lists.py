"""The containers and images of a node, kept from an agent's lists and the changes that followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import NoneType

from apps.nodes.adapters.agent.agent_json import unreadable, without_duration
from apps.nodes.adapters.engine.engine_json import containers_of, images_of
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import ContainerInfo, ImageInfo
from apps.nodes.ports.agent import AgentMemory


@dataclass(slots=True)
class Lists:
    """What is there now; `number` grows with each answer that changed it."""

    containers: dict[str, ContainerInfo] = field(default_factory=dict)
    images: dict[str, ImageInfo] = field(default_factory=dict)
    number: int = 0

    def remember(self, memory: AgentMemory) -> None:
        """Begin with what an earlier poll ended with."""
        self.containers = {one.native_id: one for one in memory.containers}
        self.images = {one.native_id: one for one in memory.images}
        self.number += 1

    def take(self, answer: Facts, changes: Sequence[Facts]) -> None:
        """Take whole lists as they are, then the changes that came after them."""
        known_to = 0
        if answer.raw.get("reset"):
            lists = answer.part("lists")
            known_to = lists.whole("number")
            self._replace(lists)
        for change in changes:
            if change.whole("number") > known_to:
                self._apply(change)

    def _replace(self, lists: Facts) -> None:
        containers = containers_of(lists.raw.get("containers"))
        images = images_of(lists.raw.get("images"))
        self.containers = {one.native_id: without_duration(one) for one in containers}
        self.images = {one.native_id: one for one in images}
        self.number += 1

    def _apply(self, change: Facts) -> None:
        match change.text("kind"):
            case "container":
                self._put(self.containers, change, _container)
            case "image":
                self._put(self.images, change, lambda raw: images_of([raw])[0])

    def _put[Item](
        self, items: dict[str, Item], change: Facts, read: Callable[[object], Item]
    ) -> None:
        native_id, entry = change.text("id", most=128), change.raw.get("entry")
        if not native_id or not isinstance(entry, dict | NoneType):
            raise unreadable(change.text("kind"))
        if entry is None:
            items.pop(native_id, None)
        else:
            items[native_id] = read(entry)
        self.number += 1


def _container(raw: object) -> ContainerInfo:
    return without_duration(containers_of([raw])[0])
