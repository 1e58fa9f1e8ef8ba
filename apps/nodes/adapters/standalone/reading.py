"""What runs on a standalone Swarm's nodes, read through one manager and placed on the nodes' addresses."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import orjson
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.adapters.engine.engine_json import containers_of, images_of, require_list
from apps.nodes.adapters.engine.stats_json import counters_of
from apps.nodes.adapters.standalone.standalone_json import ListedNode, size_of
from apps.nodes.ports import ContainerCounters, ContainerInfo, ImageInfo
from apps.nodes.ports.standalone import NodePart
from dce_portal.errors import NotFound, PortalError

STATS_TIMEOUT_S = 5.0
# Engines before 25 answer all callers at their next one-second tick, so many may wait at once.
STATS_AT_ONCE = 128
ASKED_AT_ONCE = 16
# Managers speak 1.40 at most and pass a newer request on as it is; engines know one-shot from here on.
ONE_SHOT_API = "1.41"
FIRST_ONE_SHOT_ENGINE = (20, 10)
HAS_COUNTERS = frozenset({"running", "paused"})
HOST_DOWN = "Host Down"

Size = tuple[float, int]
Placed = Mapping[str, Sequence[ContainerInfo]]


class Reading:
    """One poll's questions to one manager."""

    def __init__(self, http: EngineHttp, nodes: Sequence[ListedNode]) -> None:
        """Take the manager that answers and the nodes that it lists."""
        self._http, self._nodes = http, nodes
        self._few = asyncio.Semaphore(ASKED_AT_ONCE)
        self._many = asyncio.Semaphore(STATS_AT_ONCE)
        self._addresses: dict[str, list[str]] = defaultdict(list)
        for node in nodes:
            self._addresses[node.name].append(node.info.native_id)

    async def containers(self) -> Placed:
        """Every container by its node's address; what no listed node has is left out."""
        raw = await self._http.get("/containers/json", all="1")
        named = containers_of([_with_own_name(item.raw) for item in require_list(raw, what="/")])
        places = await asyncio.gather(*(self._place(container) for container in named))
        found: dict[str, list[ContainerInfo]] = defaultdict(list)
        for container, address in zip(named, places, strict=True):
            if address:
                found[address].append(_as_on_its_node(container))
        return found

    async def sizes(self, nodes: Iterable[ListedNode], placed: Placed) -> dict[str, Size]:
        """What the engines of these nodes really have, as far as a container of theirs tells."""
        witnesses = [placed[node.info.native_id][0] for node in nodes if _is_asked(node, placed)]
        told = await asyncio.gather(*(self._inspect(found.native_id) for found in witnesses))
        return {address: size for address, size in filter(None, told) if address and size[1]}

    async def part(
        self, node: ListedNode, containers: Sequence[ContainerInfo], *, with_images: bool
    ) -> NodePart:
        """One node's containers, their counters, and images where asked."""
        is_ready = node.info.state == "ready"
        images = await self._images(node) if with_images and is_ready else None
        running = [one for one in containers if is_ready and one.state in HAS_COUNTERS]
        found = await asyncio.gather(*(self._figures(node, one) for one in running))
        pairs = list(zip(running, found, strict=True))
        return NodePart(
            node_id=node.info.native_id,
            containers=tuple(containers),
            counters=tuple(one for one in found if isinstance(one, ContainerCounters)),
            images=images,
            missed={one.native_id: why for one, why in pairs if isinstance(why, str)},
        )

    async def _place(self, container: ContainerInfo) -> str:
        """The node's address by its name, or by inspection where two nodes bear that name."""
        addresses = self._addresses.get(container.name.partition("/")[0], [])
        if len(addresses) < 2:
            return addresses[0] if addresses else ""
        told = await self._inspect(container.native_id)
        return told[0] if told and told[0] in addresses else ""

    async def _inspect(self, container_id: str) -> tuple[str, Size] | None:
        """Nothing for one that just went, or whose node is unhealthy: that is an error of the manager's."""
        async with self._few:
            try:
                return size_of(await self._http.get(f"/containers/{container_id}/json"))
            except PortalError:
                return None

    async def _images(self, node: ListedNode) -> tuple[ImageInfo, ...] | None:
        filters = orjson.dumps({"node": [node.name]}).decode()
        async with self._few:
            try:
                return images_of(await self._http.get("/images/json", filters=filters))
            except PortalError:
                return None

    async def _figures(
        self, node: ListedNode, container: ContainerInfo
    ) -> ContainerCounters | str | None:
        """Counters, None for one that just went, or the sentence that says why there are none."""
        async with self._many:
            try:
                async with asyncio.timeout(STATS_TIMEOUT_S):
                    raw = await self._stats(node, container.native_id)
                return counters_of(raw, container_id=container.native_id)
            except NotFound:
                return None
            except TimeoutError:
                return _("The engine did not give its figures in time.")
            except PortalError as error:
                return error.message

    async def _stats(self, node: ListedNode, container_id: str) -> object:
        path = f"/containers/{container_id}/stats"
        if knows_one_shot(node.info.engine_version):
            return await self._http.get_as(ONE_SHOT_API, path, stream="0", **{"one-shot": "1"})
        return await self._http.get(path, stream="0")


def _is_asked(node: ListedNode, placed: Placed) -> bool:
    return node.info.state == "ready" and bool(placed.get(node.info.native_id))


def _with_own_name(raw: Mapping[str, object]) -> dict[str, object]:
    """Links give a container further names with more parts; its own is `/node/name`."""
    names = raw.get("Names")
    texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return {**raw, "Names": sorted(texts, key=lambda name: name.count("/"))}


def _as_on_its_node(container: ContainerInfo) -> ContainerInfo:
    """Without the node's name; of a lost node's container nobody can tell whether it runs."""
    name = container.name.partition("/")[2] or container.name
    state = "unknown" if container.status == HOST_DOWN else container.state
    return replace(container, name=name, state=state)


def knows_one_shot(engine_version: str) -> bool:
    """Whether an engine gives its figures without waiting for a second reading (20.10 and later)."""
    major, _dot, rest = engine_version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        return False
    return (int(major), int(minor)) >= FIRST_ONE_SHOT_ENGINE
