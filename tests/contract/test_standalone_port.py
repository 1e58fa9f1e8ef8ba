"""The adapter of standalone Swarms over the stand-in manager, which is held to recordings of a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from apps.nodes.adapters.standalone import StandaloneSwarm
from apps.nodes.ports import Capability, NodeChange
from dce_portal.errors import NotFound, Unavailable, Unsupported
from tests.contract.standalone_world import NOWHERE, StandaloneWorld, standalone_world
from tests.standins.canned_engine import GIB, IMAGE, CannedEngine
from tests.standins.waiting import wait_until_async


@pytest.fixture
async def world() -> AsyncIterator[StandaloneWorld]:
    async with standalone_world() as world:
        yield world


@pytest.fixture
async def port(world: StandaloneWorld) -> AsyncIterator[StandaloneSwarm]:
    opened = world.open()
    yield opened
    await opened.close()
    await opened.close()


async def test_nodes_with_what_they_really_have(
    port: StandaloneSwarm, world: StandaloneWorld
) -> None:
    cluster = (await port.read(with_images=True)).cluster
    assert sorted(node.hostname for node in cluster.nodes) == ["node-1", "node-2"]
    assert {node.state for node in cluster.nodes} == {"ready"}
    assert {node.native_id for node in cluster.nodes} == {one.address for one in world.engines}
    assert {(node.cpu_count, node.memory_bytes) for node in cluster.nodes} == {(2.0, 24 * GIB)}
    assert cluster.nodes[0].engine_labels["rack"] == "r1"
    assert cluster.nodes[0].engine_labels["operatingsystem"].endswith("(bookworm), long, life")
    assert (cluster.source, cluster.services, cluster.tasks) == (world.url, (), ())


async def test_containers_counters_and_images_lie_on_their_nodes(port: StandaloneSwarm) -> None:
    parts = (await port.read(with_images=True)).parts
    assert [[one.name for one in part.containers] for part in parts] == [["web"], ["web"]]
    for part in parts:
        (counters,) = part.counters
        assert counters.container_id == part.containers[0].native_id
        assert part.images is not None
        assert [image.tags for image in part.images] == [("team/app:1",)]
        assert not part.missed
    assert all(part.images is None for part in (await port.read(with_images=False)).parts)


async def test_what_it_cannot_do(port: StandaloneSwarm) -> None:
    assert port.capabilities == Capability.DISCOVERY
    node = (await port.snapshot()).nodes[0]
    assert await port.node(node.native_id) == node
    with pytest.raises(NotFound):
        await port.node("nowhere:1")
    change = NodeChange(availability="drain")
    with pytest.raises(Unsupported):
        await port.update_node(node.native_id, change=change, version_index=0)


async def test_a_lost_node_is_unhealthy_with_the_reason_and_its_containers_are_in_doubt(
    port: StandaloneSwarm, world: StandaloneWorld
) -> None:
    await port.read(with_images=False)
    await world.engines[1].stop()
    await world.wait_for("Healthy", "Unhealthy")
    snapshot = await port.read(with_images=True)
    lost = {node.hostname: node for node in snapshot.cluster.nodes}["node-2"]
    assert lost.state == "unhealthy"
    assert "Cannot connect to the Docker daemon" in lost.status_message
    assert "last heard of" in lost.status_message
    part = {part.node_id: part for part in snapshot.parts}[lost.native_id]
    assert [(one.state, one.status) for one in part.containers] == [("unknown", "Host Down")]
    assert (part.counters, part.images) == ((), None)
    port_number = int(world.engines[1].address.rpartition(":")[2])
    await world.engines[1].start(port_number)
    await world.wait_for("Healthy", "Healthy")
    assert {node.state for node in (await port.snapshot()).nodes} == {"ready"}


async def test_two_nodes_of_one_name_keep_their_own_containers() -> None:
    twins = CannedEngine("twin", engine_id="A"), CannedEngine("twin", engine_id="B")
    twins[0].run("left")
    twins[1].run("ignored", state="exited")
    twins[1].run("right")
    async with standalone_world(*twins) as world:
        opened = world.open()
        snapshot = await opened.read(with_images=False)
        await opened.close()
    found = {part.node_id: [one.name for one in part.containers] for part in snapshot.parts}
    assert found == {twins[0].address: ["left"], twins[1].address: ["ignored", "right"]}


async def test_an_engine_that_never_answered_is_pending(world: StandaloneWorld) -> None:
    world.manager.addresses += ("127.0.0.1:1",)
    opened = world.open()
    await wait_until_async(lambda: len(world.manager.known) == 3, what="a third node", timeout_s=30)
    pending = await opened.node("127.0.0.1:1")
    await opened.close()
    assert (pending.state, pending.hostname) == ("pending", "127.0.0.1:1")


async def test_the_other_manager_answers_for_one_that_does_not(world: StandaloneWorld) -> None:
    opened = world.open(NOWHERE, world.url)
    snapshot = await opened.read(with_images=False)
    await opened.close()
    assert snapshot.cluster.source == world.url
    dead, alive = snapshot.managers
    assert (dead.url, dead.role) == (NOWHERE, "")
    assert "cannot be asked" in dead.error
    assert (alive.role, alive.version, alive.error) == ("primary", "swarm/1.2.9", "")
    assert alive.lets_anyone_in


async def test_without_any_manager_it_is_unavailable(world: StandaloneWorld) -> None:
    opened = world.open(NOWHERE)
    with pytest.raises(Unavailable, match="cannot be asked"):
        await opened.read(with_images=False)
    await opened.close()


async def test_an_engine_is_no_manager(world: StandaloneWorld) -> None:
    opened = world.open(f"tcp://{world.engines[0].address}")
    with pytest.raises(Unavailable, match="not a standalone Swarm"):
        await opened.read(with_images=False)
    await opened.close()


async def test_old_engines_are_asked_in_the_version_that_both_know() -> None:
    old = CannedEngine("old", version="1.12.6", images=[dict(IMAGE)])
    old.run("web")
    async with standalone_world(old) as world:
        opened = world.open()
        (part,) = (await opened.read(with_images=False)).parts
        await opened.close()
    assert len(part.counters) == 1


async def test_events_come_with_their_node_and_nothing_between(
    port: StandaloneSwarm, world: StandaloneWorld
) -> None:
    for action in ("create", "start"):
        world.engines[0].events.put_nowait(
            {
                "Type": "container",
                "Action": action,
                "Actor": {"ID": "c1", "Attributes": {"name": "web"}},
                "from": "team/app:1",
                "timeNano": 1767323045_000000000,
            }
        )
    seen = []
    async with asyncio.timeout(30):
        async for event in port.events():
            seen.append(event)
            if len(seen) == 2:
                break
    assert [event.action for event in seen] == ["create", "start"]
    assert {event.node_name for event in seen} == {"node-1"}
    assert seen[0].node_address == world.engines[0].address
    assert (seen[0].kind, seen[0].subject_id, seen[0].at.year) == ("container", "c1", 2026)
