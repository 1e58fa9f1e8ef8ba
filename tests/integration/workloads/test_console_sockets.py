"""`/ws/exec/ID/`: who may, what it carries, what the audit keeps."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from apps.accounts.models import AuditEvent, User
from apps.nodes.adapters.fakes.streams import FakeConsole, FakeStreams
from apps.nodes.models import EngineEndpoint, Node
from apps.workloads.consumers import console as console_module
from apps.workloads.consumers import line as line_module
from apps.workloads.models import Container
from apps.workloads.streams.slots import Slots
from tests.factories.cluster import ContainerFactory
from tests.integration.workloads.streams_world import Socket, faked, program_of, socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FakeStreams:
    return faked(monkeypatch)


@pytest.fixture
def container() -> Container:
    container = ContainerFactory(name="web")
    cluster = container.node.cluster
    EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376", node=container.node, cluster=cluster)
    return container


def address(container: Container) -> str:
    return f"/ws/exec/{container.pk}/"


async def opened(line: Socket, **more: object) -> None:
    assert await line.connect()
    await line.say("open", **more)
    assert (await line.hear())["type"] == "ready"


async def entries() -> list[AuditEvent]:
    return [
        event
        async for event in AuditEvent.objects.filter(action__startswith="console.").order_by("pk")
    ]


async def test_an_administrator_types_and_both_ends_are_in_the_audit(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as line:
        await opened(line, user="root", working_dir="/srv", columns=100, rows=40)
        await line.type(b"echo hunter2\r")
        assert b"hunter2\r\n$" in await line.output(b"hunter2\r\n$")
        await line.say("resize", columns=120, rows=50)
        await line.type(b"exit 3\r")
        said, code = await line.end()
    assert (code, said["exit_code"]) == (1000, 3)
    (console,) = world.consoles
    assert (console.size, console.is_closed) == ((120, 50), True)
    began, ended = await entries()
    assert (began.action, ended.action, began.result) == (
        "console.open",
        "console.close",
        "allowed",
    )
    assert (began.actor_label, began.address, began.target_label) == ("ada", "192.0.2.7", "web")
    detail = began.detail
    assert (detail["command"], detail["user"], detail["working_dir"]) == (
        "bash | sh",
        "root",
        "/srv",
    )
    assert detail["node"] == (await Node.objects.aget()).hostname
    assert ended.detail["exit_code"] == 3
    assert ended.detail["seconds"] >= 0
    assert all("hunter2" not in str(entry.detail) for entry in (began, ended))


async def test_a_browser_that_leaves_ends_the_program(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as line:
        await opened(line)
    assert world.consoles[0].is_closed
    assert [entry.detail.get("reason") for entry in await entries()] == [None, "the browser left"]


@pytest.mark.parametrize("group", ["", "viewer", "operator"])
async def test_others_are_refused_and_that_is_kept(
    request: pytest.FixtureRequest, container: Container, world: FakeStreams, group: str
) -> None:
    person = await sync_to_async(request.getfixturevalue)(group or "mallory")
    program_of(world, container.native_id)
    async with socket(address(container), person) as line:
        assert await line.connect()
        said, code = await line.end()
    assert code == 4403
    assert "may not open consoles" in said["sentence"]
    (entry,) = await entries()
    assert (entry.result, entry.actor_label) == ("denied", person.username)
    assert not world.consoles


async def test_nobody_is_refused(container: Container, world: FakeStreams) -> None:
    async with socket(address(container), None) as line:
        assert await line.connect()
        assert (await line.end())[1] == 4401


async def test_a_right_that_ends_ends_the_console(
    administrator: User,
    container: Container,
    world: FakeStreams,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line_module, "RECHECK_S", 0.01)
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as line:
        await opened(line)
        await administrator.groups.aclear()
        assert (await line.end())[1] == 4403
    assert world.consoles[0].is_closed
    assert {entry.action for entry in await entries()} == {"console.open", "console.close"}


async def test_why_there_is_none_is_said_and_kept(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    program = program_of(world, container.native_id)
    program.state = "paused"
    async with socket(address(container), administrator) as line:
        assert await line.connect()
        await line.say("open")
        said, code = await line.end()
    assert (code, said["sentence"]) == (4409, "The container is paused.")
    (entry,) = await entries()
    assert (entry.result, entry.detail["reason"]) == ("failed", "The container is paused.")


async def test_an_image_without_that_shell(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as line:
        await opened(line, command="fish")
        said, code = await line.end()
    assert code == 4409
    assert "fish" in said["sentence"]
    assert world.consoles[0].is_closed


async def test_an_agent_that_is_read_only(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    await Node.objects.aupdate(has_console=False)
    async with socket(address(container), administrator) as line:
        assert await line.connect()
        await line.say("open")
        said, code = await line.end()
    assert code == 4409
    assert "read-only" in said["sentence"]


async def test_a_command_that_cannot_be_meant(
    administrator: User, container: Container, world: FakeStreams
) -> None:
    async with socket(address(container), administrator) as line:
        assert await line.connect()
        await line.say("open", command="'")
        said, code = await line.end()
    assert (code, said["field"]) == (4409, "command")


async def test_too_much_at_once_and_a_program_that_reads_nothing(
    administrator: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as line:
        await opened(line)
        await line.type(b"x" * 70_000)
        assert (await line.end())[1] == 4409

    async def never(_console: object, _data: bytes) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(console_module, "MOST_BEHIND_S", 0.01)
    monkeypatch.setattr(FakeConsole, "write", never)
    async with socket(address(container), administrator) as line:
        await opened(line)
        await line.type(b"x")
        said, code = await line.end()
    assert code == 4409
    assert "taken no input" in said["sentence"]
    assert all(console.is_closed for console in world.consoles)


async def test_one_person_has_so_many_and_no_more(
    administrator: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = Slots(most_a_person=1, most=9)
    monkeypatch.setattr(console_module.ConsoleLine, "slots", slots)
    program_of(world, container.native_id)
    async with socket(address(container), administrator) as first:
        await opened(first)
        async with socket(address(container), administrator) as second:
            assert await second.connect()
            assert (await second.end())[1] == 4429
    assert len(world.consoles) == 1
