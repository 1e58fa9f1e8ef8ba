"""A Swarm through its managers' APIs, with failover from one that does not answer to the next."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.utils import timezone

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.adapters.engine.engine_json import native_id, require_object
from apps.nodes.adapters.swarm.changes import changed_swarm, rotations
from apps.nodes.adapters.swarm.facts_json import facts_of, join_facts_of
from apps.nodes.adapters.swarm.race import Race, no_manager
from apps.nodes.adapters.swarm.swarm_json import (
    forced_spec,
    node_of,
    nodes_of,
    service_of,
    services_of,
    tasks_of,
)
from apps.nodes.ports import (
    Capability,
    ClusterSnapshot,
    Managers,
    NodeChange,
    NodeInfo,
    ServiceInfo,
    TaskInfo,
)
from apps.nodes.ports.cluster_facts import ClusterFacts, JoinFacts
from apps.nodes.ports.swarm import SwarmChange
from dce_portal.errors import Conflict, InvalidInput, Unavailable
from dce_portal.secret import Secret

CAPABILITIES = (
    Capability.SERVICES
    | Capability.NODE_AVAILABILITY
    | Capability.NODE_LABELS
    | Capability.NODE_ROLES
    | Capability.JOIN_TOKENS
    | Capability.CERTIFICATES
    | Capability.AUTOLOCK
    | Capability.NODE_REMOVAL
)


class Swarm:
    """The ClusterPort over one or more managers; stays with the one that answered last."""

    capabilities = CAPABILITIES

    def __init__(self, managers: Managers) -> None:
        """Take the managers in the order in which to try them."""
        self._managers = [EngineHttp(address) for address in managers]

    async def snapshot(self) -> ClusterSnapshot:
        """Read nodes, services and tasks from the first manager that answers."""
        return await self._first_that_answers(_snapshot)

    async def node(self, native_id: str) -> NodeInfo:
        """Read one node now."""

        async def read(http: EngineHttp) -> NodeInfo:
            return node_of(await http.get(f"/nodes/{native_id}"))

        return await self._first_that_answers(read)

    async def update_node(self, native_id: str, *, change: NodeChange, version_index: int) -> None:
        """Write a node's specification over what it is now, refused when it is newer than `version_index`."""

        async def write(http: EngineHttp) -> None:
            raw = require_object(await http.get(f"/nodes/{native_id}"), what="/nodes")
            body = changed_spec(raw.part("Spec").raw, change=change)
            params = {"version": str(version_index)}
            await http.post(f"/nodes/{native_id}/update", params=params, body=body)

        await self._one_after_the_other(write)

    async def facts(self) -> ClusterFacts:
        """Read what the Swarm says of itself now."""
        return await self._first_that_answers(_facts)

    async def update_swarm(self, *, change: SwarmChange, version_index: int) -> None:
        """Write the Swarm's specification over what it is now, refused when it is newer than `version_index`."""

        async def write(http: EngineHttp) -> None:
            spec = require_object(await http.get("/swarm"), what="/swarm").part("Spec").raw
            params = {"version": str(version_index), **rotations(change)}
            await http.post("/swarm/update", params=params, body=changed_swarm(spec, change=change))

        await self._one_after_the_other(write)

    async def unlock_key(self) -> Secret:
        """Ask for the unlock key; an empty one while autolock is off."""
        return await self._first_that_answers(_unlock_key)

    async def join_facts(self) -> JoinFacts:
        """Ask for the tokens and the managers' addresses, as they are now."""
        return await self._first_that_answers(_join_facts)

    async def node_tasks(self, native_id: str) -> tuple[TaskInfo, ...]:
        """Read the tasks that were placed on a node, those that ended included."""
        filters = json.dumps({"node": [native_id]})

        async def read(http: EngineHttp) -> tuple[TaskInfo, ...]:
            return tasks_of(await http.get("/tasks", filters=filters))

        return await self._first_that_answers(read)

    async def remove_node(self, native_id: str, *, force: bool) -> None:
        """Take a node out; the Swarm itself refuses managers, and what is not down unless forced."""

        async def remove(http: EngineHttp) -> None:
            await http.delete(f"/nodes/{native_id}", force=str(int(force)))

        try:
            await self._one_after_the_other(remove)
        except InvalidInput as error:
            raise Conflict(error.message) from error

    async def service(self, native_id: str) -> ServiceInfo:
        """Read one service now."""

        async def read(http: EngineHttp) -> ServiceInfo:
            return service_of(await http.get(f"/services/{native_id}"))

        return await self._first_that_answers(read)

    async def restart_service(self, native_id: str) -> None:
        """Count the service's forced updates up by one, over what its specification is now."""

        async def write(http: EngineHttp) -> None:
            raw = require_object(await http.get(f"/services/{native_id}"), what="/services")
            version = raw.part("Version").whole("Index")
            path, params = f"/services/{native_id}/update", {"version": str(version)}
            await http.post(path, params=params, body=forced_spec(raw.part("Spec")))

        await self._one_after_the_other(write)

    async def close(self) -> None:
        """Close the connections to every manager."""
        for manager in self._managers:
            await manager.close()

    async def _first_that_answers[Answer](
        self, ask: Callable[[EngineHttp], Awaitable[Answer]]
    ) -> Answer:
        """Read from the preferred manager, and beside it from the next as soon as it fails or is slow."""
        race = Race(self._managers, ask)
        manager, answer = await race.run()
        self._prefer(manager)
        return answer

    async def _one_after_the_other(self, write: Callable[[EngineHttp], Awaitable[None]]) -> None:
        """Write through one manager at a time: two at once would meet each other."""
        errors: list[Unavailable] = []
        for manager in list(self._managers):
            try:
                await write(manager)
            except Unavailable as error:
                errors.append(error)
                continue
            self._prefer(manager)
            return
        raise no_manager(errors)

    def _prefer(self, manager: EngineHttp) -> None:
        if self._managers[0] is not manager:
            self._managers.remove(manager)
            self._managers.insert(0, manager)


async def _snapshot(http: EngineHttp) -> ClusterSnapshot:
    """Nodes last: a task or service that names one is then always known."""
    swarm = require_object(await http.get("/swarm"), what="/swarm")
    services = services_of(await http.get("/services", status="true"))
    tasks = tasks_of(await http.get("/tasks"))
    nodes = nodes_of(await http.get("/nodes"))
    return ClusterSnapshot(
        native_id=native_id(swarm, "ID", what="/swarm"),
        taken_at=timezone.now(),
        source=http.address.url,
        nodes=nodes,
        services=services,
        tasks=tasks,
        facts=facts_of(swarm, nodes),
    )


async def _facts(http: EngineHttp) -> ClusterFacts:
    swarm = require_object(await http.get("/swarm"), what="/swarm")
    return facts_of(swarm, nodes_of(await http.get("/nodes")))


async def _unlock_key(http: EngineHttp) -> Secret:
    answer = require_object(await http.get("/swarm/unlockkey"), what="/swarm/unlockkey")
    return Secret(answer.text("UnlockKey"))


async def _join_facts(http: EngineHttp) -> JoinFacts:
    swarm = require_object(await http.get("/swarm"), what="/swarm")
    return join_facts_of(swarm, await http.get("/nodes"))


def changed_spec(spec: Mapping[str, Any], *, change: NodeChange) -> dict[str, Any]:
    """The node's specification with the change in it; what this code does not know stays as it is."""
    changes = {
        "Availability": change.availability,
        "Role": change.role,
        "Labels": None if change.labels is None else dict(change.labels),
    }
    return {**spec, **{name: value for name, value in changes.items() if value is not None}}
