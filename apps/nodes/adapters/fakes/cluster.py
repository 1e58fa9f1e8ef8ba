"""An in-memory twin of engines and Swarms, which obeys the contract that the real ones are held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.utils import timezone

from apps.nodes.adapters.swarm.facts_json import quorum_of
from apps.nodes.adapters.swarm.swarm import CAPABILITIES
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
from apps.nodes.ports.cluster_facts import ClusterFacts, JoinFacts, Quorum
from apps.nodes.ports.swarm import SwarmChange
from dce_portal.errors import Conflict, NotFound, Unavailable
from dce_portal.secret import Secret

FAKE_JOIN = JoinFacts("SWMTKN-1-fake-worker", "SWMTKN-1-fake-manager", ("10.0.0.1:2377",))
FAKE_FACTS = ClusterFacts(
    is_rotating_root=False,
    is_autolocked=False,
    node_certificate_validity_s=90 * 86400,
    task_history=5,
    heartbeat_s=5.0,
    trust_root_fingerprint="ab" * 32,
    trust_root_expires_at=datetime(2046, 1, 1, tzinfo=UTC),
    raft_snapshot_interval=10_000,
    raft_log_entries_kept=500,
    raft_heartbeat_ticks=1,
    raft_election_ticks=10,
    version_index=10,
    managers=Quorum(total=1, reachable=1),
)


@dataclass(slots=True)
class FakeSwarmState:
    """What a Swarm's managers would agree on; tests change it between polls."""

    native_id: str = "fake-swarm"
    nodes: dict[str, NodeInfo] = field(default_factory=dict)
    services: tuple[ServiceInfo, ...] = ()
    tasks: tuple[TaskInfo, ...] = ()
    unreachable: set[str] = field(default_factory=set)
    """Addresses of managers that do not answer."""
    facts: ClusterFacts = FAKE_FACTS
    join: JoinFacts = FAKE_JOIN
    unlock_key: str = ""
    rotations_left: int = 0
    """How often the facts still say that the CA is being rotated."""
    secrets_made: int = 0
    restarted: list[str] = field(default_factory=list)
    """Services whose tasks were started anew, in order."""

    def put(self, node: NodeInfo) -> None:
        """Add a node, or change it as another manager's client would: with a new version."""
        index = max((known.version_index for known in self.nodes.values()), default=10) + 1
        self.nodes[node.native_id] = replace(node, version_index=index)

    def change(self, change: SwarmChange) -> None:
        """Do what managers do with a change of the Swarm."""
        index = self.facts.version_index + 1
        is_locked = self.facts.is_autolocked if change.autolock is None else change.autolock
        self.facts = replace(self.facts, version_index=index, is_autolocked=is_locked)
        if change.rotate_unlock_key or (is_locked and not self.unlock_key):
            self.unlock_key = self._made("SWMKEY-1-fake")
        if not is_locked:
            self.unlock_key = ""
        if change.rotate_worker_token or change.rotate_root:
            self.join = replace(self.join, worker_token=self._made("SWMTKN-1-fake-worker"))
        if change.rotate_manager_token or change.rotate_root:
            self.join = replace(self.join, manager_token=self._made("SWMTKN-1-fake-manager"))
        if change.rotate_root:
            self.rotations_left = 2
            fingerprint = f"{index:064x}"
            self.facts = replace(self.facts, trust_root_fingerprint=fingerprint)

    def _made(self, beginning: str) -> str:
        self.secrets_made += 1
        return f"{beginning}-{self.secrets_made}"


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
            facts=self._facts(),
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

    async def facts(self) -> ClusterFacts:
        """What the state says of itself; a rotation of the CA comes one question nearer to its end."""
        self._answering()
        facts = self._facts()
        self.state.rotations_left = max(self.state.rotations_left - 1, 0)
        return facts

    async def update_swarm(self, *, change: SwarmChange, version_index: int) -> None:
        """Write, unless somebody else wrote since that version."""
        self._answering()
        if version_index != self.state.facts.version_index:
            raise Conflict(
                "It changed meanwhile. Nothing was written; look at it again and repeat."
            )
        self.state.change(change)

    async def unlock_key(self) -> Secret:
        """The state's key."""
        self._answering()
        return Secret(self.state.unlock_key)

    async def join_facts(self) -> JoinFacts:
        """The state's tokens and addresses."""
        self._answering()
        return self.state.join

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

    def _facts(self) -> ClusterFacts:
        return replace(
            self.state.facts,
            is_rotating_root=self.state.rotations_left > 0,
            managers=quorum_of(tuple(self.state.nodes.values())),
        )

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
