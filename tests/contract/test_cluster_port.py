"""One suite over the in-memory Swarm and over a real one: what holds for both may be relied on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from apps.nodes.adapters.engine import Engine as EngineAdapter
from apps.nodes.adapters.engine import SingleEngines
from apps.nodes.adapters.fakes.cluster import FakeEngine, FakeSwarm
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.ports import (
    Capability,
    ClusterPort,
    EngineAddress,
    EnginePort,
    NodeChange,
    NodeInfo,
    TlsFiles,
)
from apps.nodes.ports.cluster_facts import ClusterFacts, Quorum
from dce_portal.errors import Conflict, NotFound, Unavailable, Unsupported
from tests.factories.infos import (
    fake_swarm_state,
    identity,
    node_info,
    service_info,
    task_info,
    worker,
)
from tests.lab.engine import Engine
from tests.lab.images import BUSYBOX_IMAGE
from tests.lab.swarm import Lab

ON_WORKERS = "node.role==worker"
SWARM_ACTS_WITHIN_S = 60
NOWHERE = "unix:///nowhere/docker.sock"
FAKE = pytest.param("fake", id="in memory")
REAL = pytest.param("real", id="real engines", marks=pytest.mark.lab)


@asynccontextmanager
async def closing(engine: EngineAdapter) -> AsyncIterator[EngineAdapter]:
    """The engine, closed afterwards."""
    try:
        yield engine
    finally:
        await engine.close()


@dataclass(frozen=True)
class World:
    """A Swarm, and the way to ask it through managers of which some may not answer."""

    managers: tuple[str, ...]
    open: Callable[[Sequence[str]], ClusterPort]


@pytest.fixture(params=[FAKE, REAL])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "real":
        lab: Lab = request.getfixturevalue("swarm_lab")
        urls = tuple(engine.url for engine in lab.engines)
        return World(urls, lambda chosen: Swarm([EngineAddress(url) for url in chosen]))
    state = fake_swarm_state(
        *(node_info(f"n{number}", role="manager", reachability="reachable") for number in (1, 2, 3))
    )
    state.unreachable.add(NOWHERE)
    return World(("fake://1", "fake://2", "fake://3"), lambda chosen: FakeSwarm(state, chosen))


@pytest.fixture
async def port(world: World) -> AsyncIterator[ClusterPort]:
    opened = world.open(world.managers)
    yield opened
    await opened.close()
    await opened.close()


async def last_node(port: ClusterPort) -> NodeInfo:
    return (await port.snapshot()).nodes[-1]


async def test_a_snapshot_has_every_node_once(port: ClusterPort, world: World) -> None:
    snapshot = await port.snapshot()
    assert len({node.native_id for node in snapshot.nodes}) == 3
    assert {node.state for node in snapshot.nodes} == {"ready"}
    assert snapshot.native_id
    assert snapshot.source == world.managers[0]
    assert snapshot.taken_at.tzinfo is not None


async def test_a_swarm_can_all_that_pages_offer(port: ClusterPort) -> None:
    assert Capability.NODE_AVAILABILITY | Capability.NODE_LABELS in port.capabilities


async def test_a_swarm_says_how_it_is_set(port: ClusterPort) -> None:
    facts = (await port.snapshot()).facts
    assert facts is not None
    assert facts.node_certificate_validity_s == 90 * 86400
    assert (facts.is_rotating_root, facts.is_autolocked, facts.task_history) == (False, False, 5)
    assert facts.managers == Quorum(total=3, reachable=3)
    assert len(facts.trust_root_fingerprint) == 64
    assert facts.trust_root_expires_at is not None
    assert facts.trust_root_expires_at.year >= 2040
    assert ClusterFacts.from_columns(facts.as_columns()) == facts
    assert "SWMTKN" not in str(facts.as_columns())


async def test_what_a_host_needs_to_join(port: ClusterPort) -> None:
    found = await port.join_facts()
    assert found.worker_token.startswith("SWMTKN-1-")
    assert found.manager_token.startswith("SWMTKN-1-")
    assert found.worker_token != found.manager_token
    assert found.manager_addresses
    assert all(address.endswith(":2377") for address in found.manager_addresses)
    assert "SWMTKN" not in repr(found)


async def test_one_node_is_as_the_snapshot_has_it(port: ClusterPort) -> None:
    node = await last_node(port)
    assert (await port.node(node.native_id)).hostname == node.hostname


async def test_a_node_that_is_not_there(port: ClusterPort) -> None:
    with pytest.raises(NotFound):
        await port.node("nosuchnode")


@pytest.mark.parametrize(
    "change",
    [
        NodeChange(availability="drain"),
        NodeChange(availability="pause"),
        NodeChange(availability="active"),
        NodeChange(labels={"zone": "a", "com.example/disk": "ssd=1"}),
        NodeChange(labels={}),
    ],
)
async def test_a_change_changes_that_and_nothing_else(
    port: ClusterPort, change: NodeChange
) -> None:
    node = await last_node(port)
    await port.update_node(node.native_id, change=change, version_index=node.version_index)
    after = await port.node(node.native_id)
    assert after.version_index > node.version_index
    assert after.availability == (change.availability or node.availability)
    assert after.labels == (node.labels if change.labels is None else change.labels)
    assert (after.role, after.hostname) == (node.role, node.hostname)


async def test_an_old_version_is_refused_and_nothing_is_written(port: ClusterPort) -> None:
    node = await last_node(port)
    label = NodeChange(labels={"first": "1"})
    await port.update_node(node.native_id, change=label, version_index=node.version_index)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await port.update_node(
            node.native_id,
            change=NodeChange(labels={"second": "2"}),
            version_index=node.version_index,
        )
    assert (await port.node(node.native_id)).labels == {"first": "1"}


async def wait_for(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what a Swarm does in its own time."""
    for _ in range(SWARM_ACTS_WITHIN_S * 5):
        if await _is_so(is_so):
            return
        await asyncio.sleep(0.2)
    pytest.fail("The Swarm did not do it in time.")


async def _is_so(is_so: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await is_so()
    except Unavailable:
        return False


@dataclass
class Pair:
    """A manager and a worker that may be taken apart, with a service, and the worker's own engine."""

    port: ClusterPort
    engine: EnginePort
    service: str
    kill: Callable[[], None]


@pytest.fixture(params=[FAKE, REAL])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    made = _real_pair if request.param == "real" else _fake_pair
    found = made(request)
    yield found
    await found.engine.close()
    await found.port.close()


def _real_pair(request: pytest.FixtureRequest) -> Pair:
    lab: Lab = request.getfixturevalue("lab_factory")(2)
    lab.make_swarm(managers=1)
    lab.load_image()
    task = {"ContainerSpec": {"Image": BUSYBOX_IMAGE, "StopGracePeriod": 0}}
    spec = {"Name": "web", "TaskTemplate": {**task, "Placement": {"Constraints": [ON_WORKERS]}}}
    made = lab.engine(1).api.post("/services/create", spec)
    return Pair(
        port=Swarm([EngineAddress(lab.engine(1).url)]),
        engine=EngineAdapter(EngineAddress(lab.engine(2).url)),
        service=str(made["ID"]),
        kill=lab.engine(2).kill,
    )


def _fake_pair(_request: pytest.FixtureRequest) -> Pair:
    manager = {"role": "manager", "reachability": "reachable"}
    state = fake_swarm_state(node_info("n1", **manager), node_info("n2"))
    state.services = (service_info("s1", constraints=(ON_WORKERS,)),)
    state.tasks = (task_info("t1", service_id="s1", node_id="n2"),)
    engine = FakeEngine(EngineAddress("fake://2"), identity(swarm=worker("n2")))
    return Pair(
        port=FakeSwarm(state),
        engine=engine,
        service="s1",
        kill=lambda: state.put(replace(state.nodes["n2"], state="down")),
    )


async def worker_of(pair: Pair) -> NodeInfo:
    nodes = (await pair.port.snapshot()).nodes
    return next(node for node in nodes if node.role == "worker")


async def test_roles_tasks_and_services_of_a_swarm(pair: Pair) -> None:
    """A service's tasks are told by node and start anew; a worker becomes a manager and a worker again."""
    node = await worker_of(pair)

    async def runs() -> bool:
        tasks = await pair.port.node_tasks(node.native_id)
        return any(task.state == "running" for task in tasks)

    await wait_for(runs)
    assert {task.service_id for task in await pair.port.node_tasks(node.native_id)} == {
        pair.service
    }
    before = await pair.port.service(pair.service)
    assert before.constraints == (ON_WORKERS,)
    await pair.port.restart_service(pair.service)
    assert (await pair.port.service(pair.service)).version_index > before.version_index
    for missing in (pair.port.service, pair.port.restart_service):
        with pytest.raises(NotFound):
            await missing("nosuchservice")
    for role, reachability in (("manager", "reachable"), ("worker", "")):
        await _give_role(pair.port, node.native_id, role)

        async def is_in_force(wanted: tuple[str, str] = (role, reachability)) -> bool:
            seen = await pair.port.node(node.native_id)
            return (seen.role, seen.reachability) == wanted

        await wait_for(is_in_force)


async def _give_role(port: ClusterPort, native_id: str, role: str) -> None:
    async def given() -> bool:
        fresh = await port.node(native_id)
        change = NodeChange(role=role)
        try:
            await port.update_node(native_id, change=change, version_index=fresh.version_index)
        except Conflict:
            return False
        return True

    await wait_for(given)


async def test_who_may_be_removed_and_an_engine_that_leaves(pair: Pair) -> None:
    nodes = {node.role: node.native_id for node in (await pair.port.snapshot()).nodes}
    for force in (False, True):
        with pytest.raises(Conflict):
            await pair.port.remove_node(nodes["manager"], force=force)
    with pytest.raises(Conflict):
        await pair.port.remove_node(nodes["worker"], force=False)
    with pytest.raises(NotFound):
        await pair.port.remove_node("nosuchnode", force=True)
    await pair.engine.leave()
    assert (await pair.engine.identity()).swarm is None
    await pair.engine.leave()
    await pair.port.remove_node(nodes["worker"], force=True)
    assert [node.native_id for node in (await pair.port.snapshot()).nodes] == [nodes["manager"]]


async def test_a_node_that_is_down_is_removed_without_force(pair: Pair) -> None:
    node = await worker_of(pair)
    pair.kill()

    async def is_down() -> bool:
        return (await pair.port.node(node.native_id)).state == "down"

    await wait_for(is_down)
    await pair.port.remove_node(node.native_id, force=False)
    with pytest.raises(NotFound):
        await pair.port.node(node.native_id)


async def test_the_next_manager_answers_for_one_that_does_not(world: World) -> None:
    port = world.open((NOWHERE, world.managers[1]))
    for _ in range(2):
        assert (await port.snapshot()).source == world.managers[1]
    await port.close()


async def test_without_any_manager_it_is_unavailable(world: World) -> None:
    port = world.open((NOWHERE,))
    with pytest.raises(Unavailable):
        await port.snapshot()
    await port.close()


@pytest.mark.lab
async def test_over_tls_with_the_right_certificates_only(lone_engine: Engine) -> None:
    files = lone_engine.client_files()
    tls = TlsFiles(str(files.ca), str(files.certificate), str(files.key))
    async with closing(EngineAdapter(EngineAddress(lone_engine.tls_url, tls))) as engine:
        assert (await engine.identity()).hostname == lone_engine.hostname
    for wrong in (None, TlsFiles(str(files.ca), "", ""), TlsFiles("", tls.cert, tls.key)):
        async with closing(EngineAdapter(EngineAddress(lone_engine.tls_url, wrong))) as engine:
            with pytest.raises(Unavailable, match="cannot be asked"):
                await engine.identity()


@pytest.mark.lab
async def test_a_single_engine_is_a_cluster_of_one(lone_engine: Engine) -> None:
    port = SingleEngines([EngineAddress(lone_engine.url), EngineAddress(NOWHERE)])
    (node,) = (await port.snapshot()).nodes
    assert (node.hostname, node.role, node.state) == (lone_engine.hostname, "single", "ready")
    assert await port.node(node.native_id) == node
    with pytest.raises(Unsupported):
        await port.join_facts()
    with pytest.raises(NotFound):
        await port.node("other")
    change = NodeChange(availability="drain")
    with pytest.raises(Unsupported):
        await port.update_node(node.native_id, change=change, version_index=0)
    await port.close()


@pytest.mark.lab
async def test_a_real_engine_shows_its_containers_counters_and_images(lone_engine: Engine) -> None:
    made = lone_engine.api.post("/containers/create", {"Image": "lab/busybox:1"})
    try:
        lone_engine.api.post(f"/containers/{made['Id']}/start", {})
        async with closing(EngineAdapter(EngineAddress(lone_engine.url))) as engine:
            snapshot = await engine.snapshot(with_images=True)
    finally:
        lone_engine.api.delete(f"/containers/{made['Id']}", force=1)
    assert [found.state for found in snapshot.containers] == ["running"]
    (counters,) = snapshot.counters
    assert counters.container_id == made["Id"]
    assert counters.cpu_total_ns > 0
    assert counters.memory_bytes > 0
    assert snapshot.images is not None
    assert "lab/busybox:1" in {tag for image in snapshot.images for tag in image.tags}
