"""A standalone Swarm through its `swarm manage` endpoints: the primary while there is one, else a replica."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.adapters.lacks import LacksServices
from apps.nodes.adapters.standalone.events import read_events
from apps.nodes.adapters.standalone.manager import Answer, Manager
from apps.nodes.adapters.standalone.reading import Placed, Reading, Size
from apps.nodes.adapters.standalone.standalone_json import ListedNode, with_real_size
from apps.nodes.ports import Capability, ClusterSnapshot, Managers, NodeChange, NodeInfo
from apps.nodes.ports.standalone import ManagerState, NoPrimary, StandaloneSnapshot, SwarmEvent
from dce_portal.errors import NotFound, Unavailable, Unsupported

PRIMARY, REPLICA = "primary", "replica"

Known = tuple[str, tuple[str, str]]


class StandaloneSwarm(LacksServices):
    """The StandalonePort over HTTP; a replica passes on to the primary what it does not answer itself."""

    capabilities = Capability.DISCOVERY

    def __init__(self, managers: Managers) -> None:
        """Take every manager's address."""
        self._managers = [Manager(address) for address in managers]
        self._sizes: dict[Known, Size] = {}
        self.managers: tuple[ManagerState, ...] = ()

    async def snapshot(self) -> ClusterSnapshot:
        """Read the nodes."""
        answer = (await self._answers())[0]
        return _cluster(answer, answer.info.nodes)

    async def read(self, *, with_images: bool) -> StandaloneSnapshot:
        """Read nodes and what runs on them."""
        answers = await self._answers()
        causes = []
        for answer in answers:
            reading = Reading(answer.http, answer.info.nodes)
            try:
                placed = await reading.containers()
            except Unavailable as error:
                causes.append(error.message)
                continue
            return await self._read(answer, reading, placed, with_images=with_images)
        raise _no_primary(answers, causes)

    async def node(self, native_id: str) -> NodeInfo:
        """Read one node now."""
        for node in (await self.snapshot()).nodes:
            if node.native_id == native_id:
                return node
        raise NotFound(
            _("This standalone Swarm has no node at %(address)s.") % {"address": native_id}
        )

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        """Refuse: a standalone Swarm knows neither availability nor roles nor labels of its own."""
        raise Unsupported(
            _(
                "A standalone Swarm's nodes cannot be drained, paused, promoted or labelled;"
                " only Swarm mode has that."
            )
        )

    async def events(self) -> AsyncIterator[SwarmEvent]:
        """What happens on all nodes from now on."""
        http = (await self._answers())[0].http
        version = await http.negotiated_version()
        async for event in read_events(http.address, api_version=version):
            yield event

    async def close(self) -> None:
        """Close the connections to every manager."""
        for manager in self._managers:
            await manager.close()

    async def _answers(self) -> list[Answer]:
        """The managers that answer, the primary first; every one is asked, since pages show them all."""
        told = await asyncio.gather(*(manager.ask() for manager in self._managers))
        self.managers = tuple(one.state if isinstance(one, Answer) else one for one in told)
        answers = [one for one in told if isinstance(one, Answer)]
        if not answers:
            causes = " ".join(state.error for state in self.managers)
            raise Unavailable(causes or _("No manager of this Swarm has an address here."))
        return sorted(answers, key=lambda answer: answer.state.role != PRIMARY)

    async def _read(
        self, answer: Answer, reading: Reading, placed: Placed, *, with_images: bool
    ) -> StandaloneSnapshot:
        nodes = await self._with_real_sizes(answer.info.nodes, reading, placed)
        parts = await asyncio.gather(
            *(
                reading.part(node, placed.get(node.info.native_id, ()), with_images=with_images)
                for node in nodes
            )
        )
        return StandaloneSnapshot(
            cluster=_cluster(answer, nodes),
            parts=tuple(parts),
            managers=self.managers,
            strategy=answer.info.strategy,
            filters=answer.info.filters,
        )

    async def _with_real_sizes(
        self, nodes: Sequence[ListedNode], reading: Reading, placed: Placed
    ) -> list[ListedNode]:
        """Each node is inspected once, and again when what the manager lists of it changes."""
        unknown = [node for node in nodes if _key(node) not in self._sizes]
        sizes = await reading.sizes(unknown, placed)
        for node in unknown:
            if node.info.native_id in sizes:
                self._sizes[_key(node)] = sizes[node.info.native_id]
        return [with_real_size(node, self._sizes.get(_key(node))) for node in nodes]


def _key(node: ListedNode) -> Known:
    return node.info.native_id, node.listed_size


def _cluster(answer: Answer, nodes: Sequence[ListedNode]) -> ClusterSnapshot:
    return ClusterSnapshot(
        native_id="",
        taken_at=timezone.now(),
        source=answer.state.url,
        nodes=tuple(node.info for node in nodes),
        services=(),
        tasks=(),
    )


def _no_primary(answers: Sequence[Answer], causes: Sequence[str]) -> Unavailable:
    """Replicas answer themselves and fail at what only the primary knows: then they are choosing one."""
    if any(answer.state.role != REPLICA for answer in answers):
        return Unavailable(" ".join(causes))
    return no_primary()


def no_primary() -> NoPrimary:
    """The error while the replicas choose."""
    return NoPrimary(
        _(
            "This Swarm's managers answer, and none of them leads: the primary is gone and the replicas"
            " choose another, which takes up to 20 seconds. What was last seen is kept, containers go on"
            " running, and the portal asks again within seconds."
        )
    )
