"""`/ws/logs/…`: who may, what comes, how it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import OperationalError

from apps.accounts.models import User
from apps.nodes.adapters.fakes.streams import FakeStreams
from apps.nodes.models import Cluster, EngineEndpoint
from apps.workloads.consumers import line as line_module
from apps.workloads.consumers import logs
from apps.workloads.models import Container
from apps.workloads.streams.buffer import LineBuffer
from apps.workloads.streams.slots import Slots
from dce_portal.errors import Unavailable
from tests.factories.cluster import ContainerFactory, NodeFactory, ServiceFactory, TaskFactory
from tests.integration.workloads.streams_world import Socket, faked, program_of, socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FakeStreams:
    return faked(monkeypatch)


@pytest.fixture
def container() -> Iterator[Container]:
    container = ContainerFactory(name="web")
    EngineEndpoint.objects.create(
        url="tcp://10.0.0.1:2376", node=container.node, cluster=container.node.cluster
    )
    return container


def address(row: object) -> str:
    return f"/ws/logs/{row._meta.model_name}/{row.pk}/"


async def opened(line: Socket, **more: object) -> None:
    assert await line.connect()
    await line.say("open", **more)
    assert (await line.hear())["type"] == "ready"


async def test_a_viewer_reads_what_was_written_and_what_comes(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    program = program_of(world, container.native_id, "one", "two")
    async with socket(address(container), viewer) as line:
        await opened(line, tail=1)
        first = await line.hear()
        program.write("three", stream="stderr")
        second = await line.hear()
    assert [entry[2] for entry in first["lines"]] == ["two"]
    assert [entry[:3] for entry in second["lines"]] == [
        ["stderr", "2026-01-01T00:00:02.000000000Z", "three"]
    ]
    assert world.readers == 0


async def test_going_on_after_the_last_line(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    program_of(world, container.native_id, "one", "two", "three")
    async with socket(address(container), viewer) as line:
        await opened(line, resume=[["stdout", "", "2026-01-01T00:00:01.000000000Z", 1]])
        assert [entry[2] for entry in (await line.hear())["lines"]] == ["three"]


async def test_the_end_of_the_container_is_the_end_of_its_log(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    program = program_of(world, container.native_id, "one")
    async with socket(address(container), viewer) as line:
        await opened(line)
        await line.hear()
        program.stop()
        said, code = await line.end()
    assert (code, said["code"]) == (1000, 1000)
    assert "does not run any more" in said["sentence"]


@pytest.mark.parametrize("kind", ["container", "task", "service"])
async def test_mallory_is_refused_whether_or_not_it_is_there(
    mallory: User, world: FakeStreams, kind: str
) -> None:
    factory = {"container": ContainerFactory, "task": TaskFactory, "service": ServiceFactory}[kind]
    row = await sync_to_async(factory)()
    for path in (address(row), f"/ws/logs/{kind}/999999/"):
        async with socket(path, mallory) as line:
            assert await line.connect()
            assert (await line.end())[1] == 4403
    assert world.readers == 0


async def test_nobody_and_another_sites_page_are_refused(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    async with socket(address(container), None) as line:
        assert await line.connect()
        assert (await line.end())[1] == 4401
    async with socket(address(container), viewer, origin="https://evil.test") as line:
        assert not await line.connect()


async def test_the_right_to_see_containers_alone_opens_no_log(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    group = await viewer.groups.aget()
    permission = await group.permissions.aget(codename="view_logs")
    await group.permissions.aremove(permission)
    async with socket(address(container), viewer) as line:
        assert await line.connect()
        said, code = await line.end()
    assert code == 4403
    assert "may not read logs" in said["sentence"]


async def test_what_is_gone_and_what_has_no_way(viewer: User, world: FakeStreams) -> None:
    lonely = await sync_to_async(ContainerFactory)()
    async with socket("/ws/logs/container/999999/", viewer) as line:
        assert await line.connect()
        assert (await line.end())[1] == 4404
    async with socket(address(lonely), viewer) as line:
        assert await line.connect()
        await line.say("open")
        said, code = await line.end()
    assert code == 4409
    assert "no address of this node's engine" in said["sentence"]


async def test_a_swarms_task_needs_no_address_of_its_node(viewer: User, world: FakeStreams) -> None:
    task = await sync_to_async(TaskFactory)(container_native_id="c" * 64)
    program_of(world, task.native_id, "by a manager")
    container = await sync_to_async(ContainerFactory)(
        node=task.node, native_id="c" * 64, task_native_id=task.native_id
    )
    for row in (task, container):
        async with socket(address(row), viewer) as line:
            await opened(line)
            assert (await line.hear())["lines"][0][2] == "by a manager"


async def test_a_standalone_swarms_managers_know_the_container(
    viewer: User, world: FakeStreams
) -> None:
    node = await sync_to_async(NodeFactory)(cluster__kind=Cluster.Kind.STANDALONE)
    container = await sync_to_async(ContainerFactory)(node=node)
    program_of(world, container.native_id, "through them")
    async with socket(address(container), viewer) as line:
        await opened(line)
        assert (await line.hear())["lines"][0][2] == "through them"


@pytest.mark.parametrize("change", ["signed out", "no right", "inactive"])
async def test_a_right_that_ends_ends_the_line(
    viewer: User,
    container: Container,
    world: FakeStreams,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    monkeypatch.setattr(line_module, "RECHECK_S", 0.01)
    program_of(world, container.native_id, "one")
    async with socket(address(container), viewer) as line:
        await opened(line)
        await line.hear()
        if change == "signed out":
            await Session.objects.all().adelete()
        elif change == "inactive":
            await User.objects.filter(pk=viewer.pk).aupdate(is_active=False)
        else:
            await viewer.groups.aclear()
        _said, code = await line.end()
    assert code == (4403 if change == "no right" else 4401)
    assert world.readers == 0


async def test_nobody_goes_on_for_long_while_rights_cannot_be_asked(
    viewer: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "RECHECK_S", 0.01)
    monkeypatch.setattr(line_module, "UNCHECKED_S", 0.05)
    program_of(world, container.native_id, "one")

    def broken(_keys: object) -> None:
        raise OperationalError("The database is gone.")

    async with socket(address(container), viewer) as line:
        await opened(line)
        monkeypatch.setattr(line_module, "people_of", broken)
        assert (await line.end())[1] == 4401


async def test_an_engine_that_is_silent_says_so_in_the_readers_language(
    viewer: User, container: Container, world: FakeStreams
) -> None:
    world.error = Unavailable("The engine at X cannot be asked.")
    async with socket(address(container), viewer, language="zh-Hans") as line:
        assert await line.connect()
        await line.say("open", tail=-1)
        said, code = await line.end()
        assert (code, said["field"]) == (4409, "tail")
        assert "行" in said["sentence"]
    async with socket(address(container), viewer) as line:
        assert await line.connect()
        await line.say("open")
        said, code = await line.end()
    assert (code, said["sentence"]) == (4503, "The engine at X cannot be asked.")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"type":"else"}', "x" * 70_000])
async def test_what_cannot_be_read_ends_the_line(
    viewer: User, container: Container, world: FakeStreams, text: str
) -> None:
    async with socket(address(container), viewer) as line:
        assert await line.connect()
        await line.send_text(text)
        assert (await line.end())[1] == 4409


async def test_one_person_has_so_many_and_no_more(
    viewer: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs.LogLineOut, "slots", Slots(most_a_person=1, most=9))
    program_of(world, container.native_id, "one")
    async with socket(address(container), viewer) as first:
        await opened(first)
        async with socket(address(container), viewer) as second:
            assert await second.connect()
            assert (await second.end())[1] == 4429
    async with socket(address(container), viewer) as third:
        await opened(third)


async def test_silence_is_filled_with_heartbeats(
    viewer: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "HEARTBEAT_S", 0.01)
    program_of(world, container.native_id)
    async with socket(address(container), viewer) as line:
        await opened(line)
        assert await line.hear() == {"type": "heartbeat"}


async def test_a_browser_that_is_slow_is_told_what_was_left_out(
    viewer: User, container: Container, world: FakeStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = LineBuffer(most_lines=2, patience_s=0)
    monkeypatch.setattr(logs, "LineBuffer", lambda: small)
    program_of(world, container.native_id, *"abcde")
    async with socket(address(container), viewer) as line:
        await opened(line)
        said = await line.hear()
    assert ([entry[2] for entry in said["lines"]], said["left_out"]) == (["d", "e"], 3)
