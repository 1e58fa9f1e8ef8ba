"""A stand-in manager over canned engines, for the suites that hold the adapter to what it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from apps.nodes.adapters.standalone import StandaloneSwarm
from apps.nodes.ports import EngineAddress
from tests.free_port import free_port
from tests.standins.canned_engine import IMAGE, CannedEngine, canned
from tests.standins.standalone_swarm import Manager
from tests.standins.waiting import wait_until_async

REFRESH_S = 0.05
NOWHERE = "tcp://127.0.0.1:1"


@dataclass
class StandaloneWorld:
    """A manager and its engines."""

    manager: Manager
    engines: Sequence[CannedEngine]

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.manager.listen

    @property
    def url(self) -> str:
        """The same as the portal writes it."""
        return f"tcp://{self.address}"

    def open(self, *urls: str) -> StandaloneSwarm:
        """The adapter under test."""
        return StandaloneSwarm([EngineAddress(url) for url in urls or (self.url,)])

    async def wait_for(self, *statuses: str) -> None:
        """Wait until the manager says this of its nodes, by their addresses."""
        await wait_until_async(
            lambda: [engine.status for engine in self.manager.known] == sorted_by(self, statuses),
            what=f"nodes to be {statuses}",
            timeout_s=30,
        )


def sorted_by(world: StandaloneWorld, statuses: Sequence[str]) -> list[str]:
    """The statuses in the order of the engines' addresses."""
    pairs = zip((engine.address for engine in world.engines), statuses, strict=True)
    return [status for _address, status in sorted(pairs)]


@asynccontextmanager
async def standalone_world(*engines: CannedEngine) -> AsyncIterator[StandaloneWorld]:
    """A manager that has found these engines healthy; two with a container each unless given."""
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(canned(*(engines or default_engines())))
        manager = Manager(
            listen=f"127.0.0.1:{free_port()}",
            addresses=tuple(engine.address for engine in found),
            refresh_s=REFRESH_S,
        )
        runner = await manager.start()
        stack.push_async_callback(manager.stop, runner)
        world = StandaloneWorld(manager, found)
        await world.wait_for(*("Healthy" for _engine in found))
        yield world


def default_engines() -> tuple[CannedEngine, ...]:
    """Two, each with an image and a running container."""
    engines = tuple(CannedEngine(f"node-{number}", images=[dict(IMAGE)]) for number in (1, 2))
    for engine in engines:
        engine.run("web")
    return engines
