"""The whole program, asked over its socket as nginx asks it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from dce_agent.agent import Agent
from dce_agent.server import Server
from dce_agent.settings import Settings

ONE = "1" * 64


class Asker:
    """One HTTP request a call."""

    def __init__(self, path):
        self._path = path

    async def raw(self, request):
        reader, writer = await asyncio.open_unix_connection(self._path)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    async def get(self, target):
        status, document = await self.raw(f"GET {target} HTTP/1.1\r\nHost: agent\r\n\r\n".encode())
        assert status == 200, document
        return document

    async def until(self, condition, target="/dce/v1/samples"):
        async with asyncio.timeout(10):
            while not condition(document := await self.get(target)):  # noqa: ASYNC110 - it only answers
                await asyncio.sleep(0.02)
        return document


@asynccontextmanager
async def serving(settings):
    agent = Agent(settings)
    async with Server(agent).listening(settings.listen):
        task = asyncio.create_task(agent.run())
        try:
            yield Asker(settings.listen)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def asker(engine, tmp_path):
    engine.containers = [{"Id": ONE, "State": "running", "Status": "Up"}]
    settings = Settings(listen=f"{tmp_path}/agent.sock", engine=engine.path)
    async with serving(settings) as asker:
        yield asker


async def test_a_new_reader_gets_samples_and_lists(asker):
    answer = await asker.until(lambda answer: answer["engine"]["answers"] and answer["changes"])
    assert (answer["version"], answer["reset"], answer["more"]) == (1, True, False)
    assert answer["tables"]["host"]["columns"]["memory_total_bytes"][0] > 0
    assert [entry["Id"] for entry in answer["lists"]["containers"]] == [ONE]


async def test_a_reader_that_goes_on_gets_only_what_is_new(asker):
    first = await asker.until(lambda answer: answer["engine"]["answers"])
    again = await asker.get(f"/dce/v1/samples?since={first['cursor']}")
    assert not again["reset"]
    assert (again["ticks"]["at_unix_ms"], again["changes"]) == ([], [])
    assert "lists" not in again


async def test_a_watched_node_is_sampled_each_second(asker):
    first = await asker.get("/dce/v1/samples?watch=1")
    assert first["interval_s"] == 1
    more = await asker.until(
        lambda answer: len(answer["ticks"]["at_unix_ms"]) >= 2, "/dce/v1/samples?watch=1"
    )
    assert 900 <= more["ticks"]["interval_ms"][1] < 5000


async def test_what_a_short_life_used_is_told_at_its_end(asker, engine):
    await asker.until(lambda answer: answer["engine"]["answers"])
    engine.emit("start", "2" * 64, at_ns=1_000_000)
    engine.emit("die", "2" * 64, at_ns=2_000_000, exitCode="3", name="job", secret="label")

    def dead(answer):
        return [change for change in answer["changes"] if change.get("action") == "die"]

    (death,) = dead(await asker.until(dead))
    assert death["attributes"] == {"name": "job", "exitCode": "3"}
    assert (death["event_unix_ms"], death["used"]) == (2, {})


async def test_a_hung_engine_holds_up_neither_samples_nor_health(tmp_path, engine):
    engine.hung = True
    settings = Settings(listen=f"{tmp_path}/agent.sock", engine=engine.path)
    async with serving(settings) as asker:
        health = await asker.until(lambda health: health["healthy"], "/dce/v1/health")
        assert health["engine"]["answers"] is None
        assert (await asker.get("/dce/v1/samples"))["ticks"]["at_unix_ms"]


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET /dce/v1/other HTTP/1.1\r\n\r\n", 404),
        (b"POST /dce/v1/samples HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET /dce/v1/health HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET //[ HTTP/1.1\r\n\r\n", 400),
    ],
)
async def test_other_requests_are_refused_with_a_sentence(asker, request_text, status):
    answered, document = await asker.raw(request_text)
    assert answered == status
    assert document["error"]


async def test_the_socket_is_for_its_owner_and_group_alone(asker, tmp_path):
    assert (tmp_path / "agent.sock").stat().st_mode & 0o777 == 0o660


async def test_the_socket_goes_with_the_agent(engine, tmp_path):
    settings = Settings(listen=f"{tmp_path}/agent.sock", engine=engine.path)
    with pytest.raises(asyncio.CancelledError):
        async with serving(settings):
            raise asyncio.CancelledError
    assert not (tmp_path / "agent.sock").exists()
