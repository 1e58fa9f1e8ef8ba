"""One suite over logs and consoles in memory, over a real engine, and through a standalone Swarm's manager."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.nodes.adapters.engine.console import EngineConsoles
from apps.nodes.adapters.engine.logs import EngineLogs
from apps.nodes.adapters.fakes.streams import FakeConsoles, FakeLogs, FakeProgram, FakeStreams
from apps.nodes.adapters.standalone.streams import StandaloneConsoles, StandaloneLogs
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.nodes.ports.streams import (
    STDERR,
    STDOUT,
    ConsolePort,
    ConsoleWish,
    LogKind,
    LogLine,
    LogQuery,
    LogSource,
    LogsPort,
    LogsUnreadable,
    NoConsole,
)
from dce_portal.errors import NotFound, Unavailable
from tests.free_port import free_port
from tests.lab.engine import Engine
from tests.lab.images import BUSYBOX_IMAGE
from tests.standins.standalone_swarm import Manager
from tests.standins.waiting import wait_until_async

TIMEOUT_S = 60
NOWHERE = EngineAddress("unix:///nowhere/docker.sock")
FAKE = pytest.param("fake", id="in memory")
REAL = pytest.param("real", id="a real engine", marks=pytest.mark.lab)
TLS = pytest.param("tls", id="a real engine over TLS", marks=pytest.mark.lab)
MANAGER = pytest.param("manager", id="through a manager", marks=pytest.mark.lab)


@dataclass
class World:
    """Where containers can be started, and the ports to them."""

    logs: LogsPort
    consoles: ConsolePort
    fake: FakeStreams | None = None
    engine: Engine | None = None
    manager: Manager | None = None
    started: list[str] = field(default_factory=list)

    async def run(self, *texts: str, stream: str = STDOUT, **more: Any) -> str:
        """A container that wrote these lines and goes on running; returns its id."""
        if self.fake is not None:
            program = FakeProgram(driver_reads="LogConfig" not in more)
            program.write(*texts, stream=stream)
            self.fake.programs[f"c{len(self.fake.programs)}"] = program
            return f"c{len(self.fake.programs) - 1}"
        redirect = " >&2" if stream == STDERR else ""
        said = "; ".join(f"echo '{text}'{redirect}" for text in texts)
        container = await asyncio.to_thread(self._start, f"{said}; exec sleep 1000", more)
        self.started.append(container)
        if self.manager is not None:
            (managed,) = self.manager.known
            await wait_until_async(
                lambda: managed.find(container), what="the manager to list it", timeout_s=30
            )
        return container

    def _start(self, script: str, host: dict[str, Any]) -> str:
        assert self.engine is not None
        tty = host.pop("Tty", False)
        wish = {"Image": BUSYBOX_IMAGE, "Cmd": ["sh", "-c", script], "Tty": tty}
        wish["HostConfig"] = {"NetworkMode": "host", **host}
        api = self.engine.api
        made = api.post("/containers/create", wish)
        api.post(f"/containers/{made['Id']}/start", {})
        return str(made["Id"])

    async def write(self, container: str, text: str) -> None:
        """Let the container's first process write one more line."""
        if self.fake is not None:
            self.fake.programs[container].write(text)
            return
        console = await self.consoles.open(wish_for(container))
        await console.write(f"echo {text} >/proc/1/fd/1; exit 0\r".encode())
        while await console.read():
            pass
        await console.close()

    async def change(self, container: str, what: str) -> None:
        """Stop, pause or unpause it behind the port's back."""
        if self.fake is not None:
            self.fake.programs[container].stop()
            return
        assert self.engine is not None
        query = {"t": 0} if what == "stop" else {}
        path = f"/containers/{container}/{what}"
        await asyncio.to_thread(lambda: self.engine.api.post(path, {}, **query))


@pytest.fixture(params=[FAKE, REAL, TLS, MANAGER])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        fake = FakeStreams()
        yield World(FakeLogs(fake), FakeConsoles(fake), fake)
        return
    engine: Engine = request.getfixturevalue("lone_engine")
    async with AsyncExitStack() as stack:
        world = await _real(request.param, engine, stack)
        yield world
        await world.logs.close()
        await world.consoles.close()
        for container in world.started:
            await asyncio.to_thread(engine.api.delete, f"/containers/{container}", force=1)


async def _real(kind: str, engine: Engine, stack: AsyncExitStack) -> World:
    if kind == "real":
        addresses = [NOWHERE, EngineAddress(engine.url)]
    else:
        files = engine.client_files()
        tls = TlsFiles(ca=str(files.ca), cert=str(files.certificate), key=str(files.key))
        addresses = [EngineAddress(engine.tls_url, tls=tls)]
    if kind != "manager":
        return World(EngineLogs(addresses), EngineConsoles(addresses), engine=engine)
    manager = Manager(
        listen=f"127.0.0.1:{free_port()}",
        addresses=(engine.tls_url.removeprefix("tcp://"),),
        tls=files.folder,
        plain=True,
        refresh_s=0.1,
    )
    runner = await manager.start()
    stack.push_async_callback(manager.stop, runner)
    await wait_until_async(
        lambda: [one.status for one in manager.known] == ["Healthy"], what="it", timeout_s=30
    )
    addresses = [EngineAddress(f"tcp://{manager.listen}")]
    ports = StandaloneLogs(addresses), StandaloneConsoles(addresses)
    return World(*ports, engine=engine, manager=manager)


def source_of(container: str) -> LogSource:
    return LogSource(LogKind.CONTAINER, container)


def wish_for(container: str, **more: Any) -> ConsoleWish:
    return ConsoleWish(container, **{"command": ["sh"], "columns": 100, "rows": 30, **more})


async def lines_of(world: World, container: str, *, least: int = 1, **query: Any) -> list[LogLine]:
    """The log once it has so many lines: a real container needs a moment to write them."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            found: list[LogLine] = []
            async for lines in world.logs.read(source_of(container), LogQuery(**query)):
                found += lines
            if len(found) >= least:
                return found
            await asyncio.sleep(0.05)


async def test_lines_in_their_order_with_their_moment_and_stream(world: World) -> None:
    container = await world.run("one", "two ✓ 二")
    lines = await lines_of(world, container, least=2)
    assert [line.text for line in lines] == ["one", "two ✓ 二"]
    assert {line.stream for line in lines} == {STDOUT}
    assert lines[0].at <= lines[1].at
    assert all(len(line.at) == 30 and line.at.endswith("Z") for line in lines)


async def test_errors_are_told_apart(world: World) -> None:
    container = await world.run("bad", stream=STDERR)
    assert [line.stream for line in await lines_of(world, container)] == [STDERR]


async def test_the_last_lines_and_those_since_and_until_a_moment(world: World) -> None:
    container = await world.run("1", "2", "3", "4")
    whole = await lines_of(world, container, least=4)
    assert [line.text for line in await lines_of(world, container, tail=2)] == ["3", "4"]
    since = await lines_of(world, container, since=whole[2].at)
    assert [line.text for line in since] == ["3", "4"]
    until = await lines_of(world, container, until=whole[1].at)
    assert [line.text for line in until] == ["1", "2"]


async def test_following_goes_on_until_the_container_ends(world: World) -> None:
    container = await world.run("first")
    await lines_of(world, container)
    found: list[str] = []
    async with asyncio.timeout(TIMEOUT_S):
        async for lines in world.logs.read(source_of(container), LogQuery(follow=True)):
            found += [line.text for line in lines]
            if found == ["first"]:
                await world.write(container, "second")
            elif found[-1] == "second":
                await world.change(container, "stop")
    assert found == ["first", "second"]


async def test_a_reader_that_leaves_ends_the_stream(world: World) -> None:
    container = await world.run("first")
    stream = world.logs.read(source_of(container), LogQuery(follow=True))
    async with asyncio.timeout(TIMEOUT_S):
        await anext(stream)
        await stream.aclose()
    if world.fake is not None:
        assert world.fake.readers == 0


async def test_what_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        await lines_of(world, "f" * 64)
    with pytest.raises(NotFound):
        await world.consoles.open(wish_for("f" * 64))


async def test_a_driver_that_keeps_nothing(world: World) -> None:
    container = await world.run("lost", LogConfig={"Type": "none"})
    with pytest.raises(LogsUnreadable):
        await lines_of(world, container)


async def test_a_console_answers_and_tells_how_it_ended(world: World) -> None:
    console = await world.consoles.open(wish_for(await world.run("x")))
    await console.resize(columns=120, rows=40)
    await console.write(b"echo a''b\r" if world.fake is None else b"echo ab\r")
    assert b"ab" in await output_until(console, b"ab")
    await console.write(b"exit 7\r")
    async with asyncio.timeout(TIMEOUT_S):
        while await console.read():
            pass
        assert await console.exit_code() == 7
    await console.close()


async def output_until(console: Any, wanted: bytes) -> bytes:
    found = b""
    async with asyncio.timeout(TIMEOUT_S):
        while wanted not in found:
            found += await console.read()
    return found


async def test_an_image_without_that_shell(world: World) -> None:
    console = await world.consoles.open(wish_for(await world.run("x"), command=["nosuchshell"]))
    async with asyncio.timeout(TIMEOUT_S):
        while await console.read():
            pass
        with pytest.raises(NoConsole, match="nosuchshell"):
            await console.exit_code()
    await console.close()


async def test_a_container_that_does_not_run_has_no_console(world: World) -> None:
    container = await world.run("x")
    await world.change(container, "stop")
    with pytest.raises(NoConsole):
        await world.consoles.open(wish_for(container))


async def test_closing_hangs_up_on_what_runs_in_it(world: World) -> None:
    container = await world.run("x")
    console = await world.consoles.open(wish_for(container))
    if world.engine is None:
        await console.close()
        assert world.fake is not None
        assert world.fake.consoles[-1].is_closed
        return
    await console.write(b"sleep 777 & echo rea''dy\r")
    await output_until(console, b"ready")
    await console.close()

    def is_alone() -> bool:
        rows = world.engine.api.get(f"/containers/{container}/top")["Processes"]
        return [row[-1] for row in rows] == ["sleep 1000"]

    async with asyncio.timeout(TIMEOUT_S):
        while not await asyncio.to_thread(is_alone):  # noqa: ASYNC110 - the engine gives no sign
            await asyncio.sleep(0.05)


@pytest.mark.lab
async def test_a_terminals_log_has_no_frames(lone_engine: Engine) -> None:
    addresses = [EngineAddress(lone_engine.url)]
    world = World(EngineLogs(addresses), EngineConsoles(addresses), engine=lone_engine)
    container = await world.run("in colour", Tty=True)
    (line,) = await lines_of(world, container)
    assert (line.stream, line.text, len(line.at)) == (STDOUT, "in colour", 30)
    await world.logs.close()
    await world.consoles.close()
    await asyncio.to_thread(lone_engine.api.delete, f"/containers/{container}", force=1)


@pytest.mark.lab
async def test_a_paused_container_says_so(lone_engine: Engine) -> None:
    addresses = [EngineAddress(lone_engine.url)]
    world = World(EngineLogs(addresses), EngineConsoles(addresses), engine=lone_engine)
    container = await world.run("x")
    await world.change(container, "pause")
    with pytest.raises(NoConsole, match="paused"):
        await world.consoles.open(wish_for(container))
    await world.change(container, "unpause")
    await world.consoles.close()
    await asyncio.to_thread(lone_engine.api.delete, f"/containers/{container}", force=1)


async def test_without_an_address_that_answers() -> None:
    for port in (EngineLogs([NOWHERE]), EngineLogs([])):
        with pytest.raises(Unavailable):
            await anext(port.read(source_of("c"), LogQuery()))
        await port.close()
    for consoles in (EngineConsoles([NOWHERE]), EngineConsoles([])):
        with pytest.raises(Unavailable):
            await consoles.open(wish_for("c"))
        await consoles.close()


@pytest.mark.lab
async def test_a_swarms_manager_tells_of_services_and_tasks_on_other_nodes(swarm_lab: Any) -> None:
    api = swarm_lab.engine(1).api
    task = {
        "ContainerSpec": {
            "Image": BUSYBOX_IMAGE,
            "Command": ["sh", "-c", "echo here is $(hostname); exec sleep 1000"],
            "StopGracePeriod": 0,
        }
    }
    mode = {"Replicated": {"Replicas": 3}}
    made = api.post("/services/create", {"Name": "talks", "TaskTemplate": task, "Mode": mode})
    port = EngineLogs([NOWHERE, EngineAddress(swarm_lab.engine(1).url)])
    try:
        found = await service_lines(port, made["ID"])
        assert len({line.source for line in found}) == 3
        assert all(line.text.startswith("here is ") and line.at for line in found)
        one = LogSource(LogKind.TASK, found[0].source)
        async with asyncio.timeout(TIMEOUT_S):
            (lines,) = [lines async for lines in port.read(one, LogQuery())]
        assert [line.text for line in lines] == [found[0].text]
    finally:
        await port.close()
        await asyncio.to_thread(api.delete, f"/services/{made['ID']}")


async def service_lines(port: LogsPort, service_id: str) -> list[LogLine]:
    """The log of a service once all three tasks wrote."""
    source, found = LogSource(LogKind.SERVICE, service_id), []
    async with asyncio.timeout(TIMEOUT_S):
        while len(found) < 3:
            query = LogQuery()
            found = [line async for lines in port.read(source, query) for line in lines]
            await asyncio.sleep(0.05)
    return found
