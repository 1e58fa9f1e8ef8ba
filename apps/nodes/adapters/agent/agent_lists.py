"""The containers and images of a node, kept from an agent's lists and the changes that followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import NoneType

from apps.nodes.adapters.agent.agent_json import unreadable, without_duration
from apps.nodes.adapters.engine.engine_json import containers_of, images_of
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import ContainerInfo, ImageInfo
from apps.nodes.ports.agent import AgentMemory
from apps.nodes.ports.packed_lists import PackedLists

LISTED = frozenset({"container", "image"})


class Lists:
    """What is there now, packed between two changes."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.packed = PackedLists()

    def remember(self, memory: AgentMemory) -> None:
        """Begin with what an earlier poll ended with."""
        self._keep(memory.containers, memory.images)

    def take(self, answer: Facts, changes: Sequence[Facts]) -> None:
        """Take whole lists as they are, then the changes that came after them."""
        known_to = 0
        if answer.raw.get("reset"):
            lists = answer.part("lists")
            known_to = lists.whole("number")
            self._replace(lists)
        news = [change for change in changes if _is_news(change, known_to)]
        if news:
            self._apply(news)

    def _replace(self, lists: Facts) -> None:
        containers = containers_of(lists.raw.get("containers"))
        images = images_of(lists.raw.get("images"))
        self._keep([without_duration(one) for one in containers], images)

    def _apply(self, changes: Sequence[Facts]) -> None:
        containers = {one.native_id: one for one in self.packed.containers}
        images = {one.native_id: one for one in self.packed.images}
        for change in changes:
            if change.text("kind") == "container":
                _put(containers, change, _container)
            else:
                _put(images, change, lambda raw: images_of([raw])[0])
        self._keep(containers.values(), images.values())

    def _keep(self, containers: Iterable[ContainerInfo], images: Iterable[ImageInfo]) -> None:
        self.packed = PackedLists.of(containers, images, number=self.packed.number + 1)


def _is_news(change: Facts, known_to: int) -> bool:
    return change.text("kind") in LISTED and change.whole("number") > known_to


def _put[Item](items: dict[str, Item], change: Facts, read: Callable[[object], Item]) -> None:
    native_id, entry = change.text("id", most=128), change.raw.get("entry")
    if not native_id or not isinstance(entry, dict | NoneType):
        raise unreadable(change.text("kind"))
    if entry is None:
        items.pop(native_id, None)
    else:
        items[native_id] = read(entry)


def _container(raw: object) -> ContainerInfo:
    return without_duration(containers_of([raw])[0])
