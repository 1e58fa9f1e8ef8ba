"""One suite over a stand-in agent and the real one: what holds for both may be relied on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from apps.nodes.adapters.agent import Agent
from apps.nodes.adapters.agent import agent as agent_adapter
from apps.nodes.ports import EngineAddress
from dce_portal.errors import Unavailable
from tests.factories.agents import agent_answer, container_entry, lists
from tests.integration.nodes.stub_engine import StubEngine, reply, stub_engine
from tests.lab.agent import running_agent
from tests.lab.engine import Engine
from tests.lab.images import BUSYBOX_IMAGE

SAMPLES = agent_adapter.SAMPLES
CONTAINER = "c" * 64
STAND_IN = pytest.param("stand-in", id="stand-in")
REAL = pytest.param("real", id="real agent", marks=pytest.mark.lab)


def new_reader(at_ms: int) -> dict[str, Any]:
    return agent_answer(
        at_unix_ms=[at_ms - 5000, at_ms],
        containers={CONTAINER: {"cpu_cores": 0.01, "memory_bytes": 4096, "pids": 1}},
        reset=True,
        lists=lists(container_entry(CONTAINER, Names=["/napper"])),
        cursor="boot:2",
    )


@pytest.fixture
async def stand_in() -> AsyncIterator[StubEngine]:
    async with stub_engine() as stub:
        yield stub


@pytest.fixture(params=[STAND_IN, REAL])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An agent beside an engine on which one container sleeps."""
    if request.param == "stand-in":
        stub: StubEngine = request.getfixturevalue("stand_in")
        stub.answers[SAMPLES] = reply(new_reader(int(time.time() * 1000)))
        yield stub.url
        return
    engine: Engine = request.getfixturevalue("lone_engine")
    with ExitStack() as stack:
        body = {"Image": BUSYBOX_IMAGE, "Cmd": ["sleep", "600"]}
        container = engine.api.post("/containers/create", body, name="napper")["Id"]
        stack.callback(engine.api.delete, f"/containers/{container}", force=1)
        engine.api.post(f"/containers/{container}/start")
        stack.enter_context(running_agent(engine))
        yield f"unix://{engine.folder / 'agent.sock'}"


async def first_with_figures(agent: Agent) -> Any:
    """The first answer in which the container has a row; the agent needs a moment to hear of it."""
    deadline = time.monotonic() + 60
    while True:
        found = await agent.samples(since="", watch=True)
        if found.engine.answers and found.tables["containers"].tick:
            return found
        assert time.monotonic() < deadline, found


async def test_a_new_reader_gets_all_and_goes_on_from_its_cursor(url: str) -> None:
    agent = Agent(EngineAddress(url))
    try:
        found = await first_with_figures(agent)
        assert found.reset
        assert "napper" in {one.name for one in found.lists.containers}
        assert found.engine.identity is not None
        assert found.engine.identity.engine_version
        assert found.node.agent_version
        assert abs(found.clock_ahead_s) < 5
        assert len(found.ticks.at_unix_ms) == len(found.ticks.interval_ms) > 0
        assert any(value for value in found.tables["containers"].columns["memory_bytes"])
        later = await agent.samples(since=found.cursor, watch=False)
        assert later.cursor.partition(":")[0] == found.cursor.partition(":")[0]
        assert "napper" in {one.name for one in later.lists.containers}
    finally:
        await agent.close()


BAD = {
    "garbage": reply(b"\x00\xff not at all"),
    "half an answer": reply(b'{"version": 1, "cursor": "b'),
    "not a number": reply(b'{"version": 1, "cursor": "b:1", "now_unix_ms": NaN}'),
    "50 MB": reply(b'{"version": 1, "x": "' + b"x" * 50_000_000 + b'"}'),
    "a refusal": reply({"error": "Who are you?"}, status="403 Forbidden"),
    "nothing of ours": reply({"message": "no such page"}, status="404 Not Found"),
    "an error": reply(b"<html>", status="502 Bad Gateway"),
    "a list": reply([]),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
async def test_a_bad_answer_is_unavailable_with_a_sentence(
    stand_in: StubEngine, answer: Any
) -> None:
    stand_in.answers[SAMPLES] = answer
    agent = Agent(EngineAddress(stand_in.url))
    with pytest.raises(Unavailable) as refusal:
        await agent.samples(since="", watch=False)
    await agent.close()
    assert refusal.value.message.endswith(".")
    assert "agent" in refusal.value.message


async def test_an_agent_that_breaks_off_or_hangs_is_unavailable(
    stand_in: StubEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.nodes.adapters.engine.http.READ_TIMEOUT_S", 0.2)

    async def break_off(writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{")
        writer.close()

    async def hang(writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{")
        await writer.drain()

    for answer, said in ((break_off, "cannot be asked"), (hang, "did not answer in time")):
        stand_in.answers[SAMPLES] = answer
        agent = Agent(EngineAddress(stand_in.url))
        with pytest.raises(Unavailable, match=said):
            await agent.samples(since="", watch=False)
        await agent.close()


async def test_the_right_agent_answers_at_last(stand_in: StubEngine) -> None:
    agent = Agent(EngineAddress(stand_in.url))
    stand_in.answers[SAMPLES] = reply(b"?")
    with pytest.raises(Unavailable):
        await agent.samples(since="", watch=False)
    stand_in.answers[SAMPLES] = reply(new_reader(1_795_000_000_000))
    assert (await agent.samples(since="", watch=False)).cursor == "boot:2"
    await agent.close()
