"""Single engines seen as one cluster: each engine is a node, and nothing is placed between them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.engine import Engine
from apps.nodes.adapters.lacks import LacksServices
from apps.nodes.ports import (
    Capability,
    ClusterSnapshot,
    EngineAddress,
    EngineIdentity,
    EnginePort,
    NodeChange,
    NodeInfo,
    node_of_engine,
)
from dce_portal.errors import NotFound, PortalError, Unavailable, Unsupported


class SingleEngines(LacksServices):
    """The ClusterPort over engines that are in no Swarm."""

    capabilities = Capability.NONE

    def __init__(self, addresses: Sequence[EngineAddress]) -> None:
        """Take every engine's address."""
        self._engines: list[EnginePort] = [Engine(address) for address in addresses]

    async def snapshot(self) -> ClusterSnapshot:
        """The engines that answer; Unavailable only when none does."""
        answers = await asyncio.gather(*(_identity(engine) for engine in self._engines))
        nodes = [node_of_engine(found) for found in answers if isinstance(found, EngineIdentity)]
        if not nodes:
            causes = [found for found in answers if isinstance(found, str)]
            raise Unavailable(" ".join(causes) or _("No engine has an address here."))
        return ClusterSnapshot(
            native_id="",
            taken_at=timezone.now(),
            source=", ".join(engine.address.url for engine in self._engines),
            nodes=tuple(nodes),
            services=(),
            tasks=(),
        )

    async def node(self, native_id: str) -> NodeInfo:
        """Read one engine now."""
        for node in (await self.snapshot()).nodes:
            if node.native_id == native_id:
                return node
        raise NotFound(_("None of the single engines has this id."))

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        """Refuse: a single engine has neither availability nor labels to change."""
        raise Unsupported(
            _("A single engine cannot be drained, paused or labelled; only a Swarm's node can.")
        )

    async def close(self) -> None:
        """Close the connections to every engine."""
        for engine in self._engines:
            await engine.close()


async def _identity(engine: EnginePort) -> EngineIdentity | str:
    try:
        return await engine.identity()
    except PortalError as error:
        return error.message
