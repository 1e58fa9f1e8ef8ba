"""What is about a whole Swarm and about one engine's upkeep: one suite over the twins and over real engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from apps.nodes.adapters.engine import EngineUpkeep
from apps.nodes.adapters.fakes.cluster import FakeSwarm
from apps.nodes.adapters.fakes.upkeep import FakeUpkeep
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.ports.swarm import SwarmChange, SwarmPort
from apps.nodes.ports.upkeep import DiskShare, DiskUsage, PruneWish, UpkeepPort
from dce_portal.errors import Conflict
from tests.contract.test_cluster_port import FAKE, REAL
from tests.factories.infos import fake_swarm_state, node_info
from tests.lab.engine import Engine
from tests.lab.fixtures import LabFactory

ROTATED_WITHIN_S = 60


@pytest.fixture(params=[FAKE, REAL])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[SwarmPort]:
    """A Swarm of one manager, which nothing else looks at."""
    opened: SwarmPort
    if request.param == "real":
        factory: LabFactory = request.getfixturevalue("lab_factory")
        lab = factory(1)
        lab.make_swarm()
        opened = Swarm([EngineAddress(lab.engine(1).url)])
    else:
        opened = FakeSwarm(fake_swarm_state(node_info(role="manager", reachability="reachable")))
    yield opened
    await opened.close()


async def change(port: SwarmPort, **wish: bool) -> None:
    facts = await port.facts()
    await port.update_swarm(change=SwarmChange(**wish), version_index=facts.version_index)


async def test_a_swarm_is_locked_and_its_secrets_are_rotated(port: SwarmPort) -> None:
    """One Swarm for all: each real one takes seconds to make."""
    first = await port.join_facts()
    await change(port, rotate_worker_token=True)
    second = await port.join_facts()
    assert second.worker_token != first.worker_token
    assert second.manager_token == first.manager_token
    await change(port, rotate_manager_token=True)
    assert (await port.join_facts()).manager_token != first.manager_token

    assert (await port.unlock_key()).reveal() == ""
    await change(port, autolock=True)
    key = (await port.unlock_key()).reveal()
    assert key.startswith("SWMKEY-1-")
    assert (await port.facts()).is_autolocked
    await change(port, rotate_unlock_key=True)
    assert (await port.unlock_key()).reveal() not in {"", key}
    await change(port, autolock=False)
    assert not (await port.facts()).is_autolocked
    await a_root_is_rotated(port)
    await an_old_version_is_refused(port)


async def a_root_is_rotated(port: SwarmPort) -> None:
    before, tokens = await port.facts(), await port.join_facts()
    await change(port, rotate_root=True)
    after = await asyncio.wait_for(rotated(port), ROTATED_WITHIN_S)
    assert after.trust_root_fingerprint not in {"", before.trust_root_fingerprint}
    assert (await port.join_facts()).worker_token != tokens.worker_token
    assert after.task_history == before.task_history


async def rotated(port: SwarmPort) -> ClusterFacts:
    while True:
        facts = await port.facts()
        if not facts.is_rotating_root:
            return facts
        await asyncio.sleep(0.2)


async def an_old_version_is_refused(port: SwarmPort) -> None:
    old = (await port.facts()).version_index
    await change(port, rotate_worker_token=True)
    tokens = await port.join_facts()
    with pytest.raises(Conflict, match="changed meanwhile"):
        await port.update_swarm(change=SwarmChange(rotate_worker_token=True), version_index=old)
    assert await port.join_facts() == tokens


@dataclass(frozen=True)
class Disk:
    """An engine with a stopped container that alone uses the one image, and an unused volume."""

    port: UpkeepPort
    image: str


@pytest.fixture(params=[FAKE, REAL])
def disk(request: pytest.FixtureRequest) -> Iterator[Callable[[], Disk]]:
    if request.param == "real":
        engine: Engine = request.getfixturevalue("lab_factory")(1).engine(1)
        image = load(engine)
        yield lambda: Disk(EngineUpkeep(EngineAddress(engine.url)), image)
        return
    usage = DiskUsage(
        images=DiskShare(1, 2000, 0, 0),
        containers=DiskShare(1, 0, 1, 0),
        volumes=DiskShare(1, 0, 1, 0),
        unused_volumes=("left",),
    )
    yield lambda: Disk(AfterContainers(usage), "lab/busybox:1")


class AfterContainers(FakeUpkeep):
    """The image is unused once its container is gone, as on an engine."""

    async def disk_usage(self) -> DiskUsage:
        usage = await super().disk_usage()
        if usage.images.count and not usage.containers.count and not usage.images.free_count:
            self.usage = DiskUsage(
                images=DiskShare(1, 2000, 1, 2000),
                volumes=usage.volumes,
                unused_images=("lab/busybox:1",),
                unused_volumes=usage.unused_volumes,
            )
        elif not usage.images.count:
            self.usage = DiskUsage(volumes=usage.volumes, unused_volumes=usage.unused_volumes)
        return self.usage


def load(engine: Engine) -> str:
    from tests.lab import images

    images.load(engine.api, name=images.BUSYBOX_IMAGE)
    engine.api.post("/containers/create", {"Image": images.BUSYBOX_IMAGE})
    engine.api.post("/volumes/create", {"Name": "left"})
    return images.BUSYBOX_IMAGE


@pytest.fixture
async def closing() -> AsyncIterator[Callable[[Disk], Disk]]:
    ends: list[Callable[[], Awaitable[None]]] = []

    def note(disk: Disk) -> Disk:
        ends.append(disk.port.close)
        return disk

    yield note
    for end in ends:
        await end()


async def test_a_disk_is_measured_and_pruned_step_by_step(
    disk: Callable[[], Disk], closing: Callable[[Disk], Disk]
) -> None:
    opened = closing(disk())
    before = await opened.port.disk_usage()
    assert (before.images.count, before.images.free_count) == (1, 0)
    assert (before.containers.count, before.containers.free_count) == (1, 1)
    assert before.unused_volumes == ("left",)
    assert before.images.size_bytes > 0

    gone = await opened.port.prune(PruneWish(stopped_containers=True))
    assert (gone.containers, gone.images, gone.volumes) == (1, 0, 0)
    unused = await opened.port.disk_usage()
    assert unused.images.free_count == 1
    assert unused.images.free_bytes > 0
    assert opened.image in unused.unused_images

    kept = await opened.port.prune(PruneWish(dangling_images=True, build_cache=True))
    assert (kept.images, kept.freed_bytes) == (0, 0)
    gone = await opened.port.prune(PruneWish(unused_images=True))
    assert gone.images >= 1
    assert gone.freed_bytes == unused.images.free_bytes

    after = await opened.port.disk_usage()
    assert (after.images.count, after.volumes.count) == (0, 1)
    gone = await opened.port.prune(PruneWish(unused_volumes=True))
    assert gone.volumes == 1
    assert (await opened.port.disk_usage()).volumes.count == 0
