"""An in-memory twin of engines and Swarms, which obeys the contract that the real ones are held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils import timezone

from apps.nodes.adapters.swarm import CAPABILITIES
from apps.nodes.ports import (
    Capability,
    ClusterSnapshot,
    ContainerCounters,
    ContainerInfo,
    EngineAddress,
    EngineIdentity,
    EngineSnapshot,
    ImageInfo,
    NodeChange,
    NodeInfo,
    ServiceInfo,
    TaskInfo,
)
from dce_portal.errors import Conflict, NotFound, Unavailable


@dataclass(slots=True)
class FakeSwarmState:
    """What a Swarm's managers would agree on; tests change it between polls."""

    native_id: str = "fake-swarm"
    nodes: dict[str, NodeInfo] = field(default_factory=dict)
    services: tuple[ServiceInfo, ...] = ()
    tasks: tuple[TaskInfo, ...] = ()
    unreachable: set[str] = field(default_factory=set)
    """Addresses of managers that do not answer."""
    restarted: list[str] = field(default_factory=list)
    """Services whose tasks were started anew, in order."""

    def put(self, node: NodeInfo) -> None:
        """Add a node, or change it as another manager's client would: with a new version."""
        index = max((known.version_index for known in self.nodes.values()), default=10) + 1
        self.nodes[node.native_id] = replace(node, version_index=index)


class FakeSwarm:
    """The ClusterPort in memory."""

    def __init__(
        self, state: FakeSwarmState, managers: Sequence[str] = ("fake://manager",)
    ) -> None:
        """Take the state that several ports may share, and the addresses of the managers."""
        self.state = state
        self.is_closed = False
        self._managers = list(managers)

    @property
    def capabilities(self) -> Capability:
        """The same as the real Swarm's."""
        return CAPABILITIES

    async def snapshot(self) -> ClusterSnapshot:
        """Everything as it is now."""
        source = self._answering()
        return ClusterSnapshot(
            native_id=self.state.native_id,
            taken_at=timezone.now(),
            source=source,
            nodes=tuple(self.state.nodes.values()),
            services=self.state.services,
            tasks=self.state.tasks,
        )

    async def node(self, native_id: str) -> NodeInfo:
        """One node as it is now."""
        self._answering()
        if native_id not in self.state.nodes:
            raise NotFound(f"The Swarm has no node {native_id}.")
        return self.state.nodes[native_id]

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        """Write, unless somebody else wrote since that version."""
        node = await self.node(native_id)
        if node.version_index != version_index:
            raise Conflict(
                "It changed meanwhile. Nothing was written; look at it again and repeat."
            )
        role = change.role or node.role
        self.state.put(
            replace(
                node,
                availability=change.availability or node.availability,
                role=role,
                reachability="reachable" if role == "manager" else "",
                labels=node.labels if change.labels is None else dict(change.labels),
            )
        )

    async def node_tasks(self, native_id: str) -> tuple[TaskInfo, ...]:
        """The tasks that name the node."""
        self._answering()
        return tuple(task for task in self.state.tasks if task.node_id == native_id)

    async def remove_node(self, native_id: str, *, force: bool) -> None:
        """Forget the node, where a Swarm would."""
        node = await self.node(native_id)
        if node.role == "manager":
            raise Conflict(f"{native_id} is a manager. It must be demoted before removal.")
        if node.state != "down" and not force:
            raise Conflict(f"{native_id} is not down and cannot be removed.")
        del self.state.nodes[native_id]

    async def service(self, native_id: str) -> ServiceInfo:
        """One service as it is now."""
        self._answering()
        for service in self.state.services:
            if service.native_id == native_id:
                return service
        raise NotFound(f"The Swarm has no service {native_id}.")

    async def restart_service(self, native_id: str) -> None:
        """Give the service a new version and remember that its tasks started anew, which they do at once."""
        old = await self.service(native_id)
        new = replace(old, version_index=old.version_index + 1, update_state="completed")
        self.state.restarted.append(native_id)
        self.state.services = tuple(new if row is old else row for row in self.state.services)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def _answering(self) -> str:
        for manager in self._managers:
            if manager not in self.state.unreachable:
                return manager
        raise Unavailable("No manager answers.")


@dataclass(slots=True)
class FakeEngine:
    """The EnginePort in memory; `error` is the sentence with which it refuses to answer."""

    address: EngineAddress
    who: EngineIdentity
    containers: tuple[ContainerInfo, ...] = ()
    counters: tuple[ContainerCounters, ...] = ()
    images: tuple[ImageInfo, ...] = ()
    error: str = ""
    is_closed: bool = False

    async def identity(self) -> EngineIdentity:
        """Who it was made to be."""
        if self.error:
            raise Unavailable(self.error)
        return self.who

    async def snapshot(self, *, with_images: bool) -> EngineSnapshot:
        """Everything as it is now."""
        return EngineSnapshot(
            identity=await self.identity(),
            taken_at=timezone.now(),
            containers=self.containers,
            counters=self.counters,
            images=self.images if with_images else None,
        )

    async def leave(self) -> None:
        """Be in no Swarm from now on; a manager is refused."""
        who = await self.identity()
        if who.swarm is not None and who.swarm.is_manager:
            raise Unavailable("A manager cannot leave before it is demoted.")
        self.who = replace(who, swarm=None)

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True
