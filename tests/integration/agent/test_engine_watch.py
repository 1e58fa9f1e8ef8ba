"""The agent beside a stand-in engine: what it learns, and what it does when the engine fails."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from dce_agent import engine_watch
from dce_agent.engine_watch import EngineWatch
from dce_agent.inventory import Inventory
from dce_agent.unix_http import EngineClient

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(engine_watch, "SHORTEST_GAP_S", 0.01)
    monkeypatch.setattr(engine_watch, "ASKED_EVERY_S", 0.05)
    monkeypatch.setattr(engine_watch, "ANSWER_TIMEOUT_S", 0.3)


@asynccontextmanager
async def _watching(engine, heard):
    events, differences, states = heard(), heard(), heard()
    watch = EngineWatch(
        EngineClient(engine.path),
        Inventory(),
        on_event=events.hear,
        on_difference=differences.hear,
        on_state=states.hear,
    )
    task = asyncio.create_task(watch.run())
    try:
        yield watch, events, differences, states
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def watching(heard):
    return lambda engine: _watching(engine, heard)


def running(id_):
    return {"Id": id_, "State": "running", "Status": "Up 1 second"}


def action(name):
    return lambda event: event["Action"] == name


async def test_the_first_lists_are_told_as_differences(watching, engine):
    engine.containers, engine.images = [running(ONE)], [{"Id": "sha256:1"}]
    async with watching(engine) as (watch, _, differences, states):
        await states.until(lambda state: state.answers)
        assert [difference.kind for difference in differences.told] == ["container", "image"]
        assert watch.inventory.running == {ONE}


async def test_a_container_that_lives_between_two_lists_is_seen(watching, engine):
    async with watching(engine) as (_, events, _differences, states):
        await states.until(lambda state: state.answers)
        engine.emit("start", TWO, at_ns=1_000)
        engine.emit("die", TWO, at_ns=2_000, exitCode="3")
        await events.until(action("die"))
        assert [event["Action"] for event in events.told] == ["start", "die"]


async def test_an_event_brings_the_list_forward(watching, engine, monkeypatch):
    monkeypatch.setattr(engine_watch, "ASKED_EVERY_S", 60.0)
    async with watching(engine) as (_, _events, differences, states):
        await states.until(lambda state: state.answers)
        engine.containers = [running(TWO)]
        engine.emit("start", TWO, at_ns=1_000)
        await differences.until(lambda difference: difference.id == TWO)


async def test_a_broken_stream_is_taken_up_where_it_ended(watching, engine):
    async with watching(engine) as (_, events, _differences, states):
        await states.until(lambda state: state.answers)
        engine.emit("start", ONE, at_ns=5_000_000_007)
        await events.until(action("start"))
        engine.break_streams()
        await engine.asked.until(lambda target: "since=5.000000007" in target)
        engine.emit("start", ONE, at_ns=5_000_000_007)
        engine.emit("die", ONE, at_ns=6_000_000_000)
        await events.until(action("die"))
        assert [event["Action"] for event in events.told] == ["start", "die"]


async def test_a_hung_engine_is_told_and_what_runs_stays_known(watching, engine):
    engine.containers = [running(ONE)]
    async with watching(engine) as (watch, _, _differences, states):
        await states.until(lambda state: state.answers)
        engine.hung = True
        await states.until(lambda state: not state.answers)
        assert "in time" in watch.state.reason
        assert watch.inventory.running == {ONE}
        engine.hung = False
        states.told.clear()
        await states.until(lambda state: state.answers)


@pytest.mark.parametrize("body", [b'{"a": 1}', b"[1]", b'[{"Id": 5}]', b"null"])
async def test_a_list_that_is_none_changes_nothing(watching, engine, body):
    engine.containers = [running(ONE)]
    async with watching(engine) as (watch, _, _differences, states):
        await states.until(lambda state: state.answers)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        engine.raw["/containers/json"] = head + body
        engine.emit("start", ONE, at_ns=1)
        await states.until(lambda state: not state.answers)
        assert watch.inventory.running == {ONE}


async def test_garbage_in_the_event_stream_does_not_end_the_watch(watching, engine):
    async with watching(engine) as (_, events, _differences, states):
        await states.until(lambda state: state.answers)
        engine.asked.told.clear()
        engine.send(b"null\n")
        engine.send(b'{"Type": "container", "Action": "start", "Actor": "who", "timeNano": 1}\n')
        engine.send(b"{]}\n")
        await engine.asked.until(lambda target: target.startswith("/events"))
        engine.emit("start", ONE, at_ns=1)
        await events.until(action("start"))
        assert [event["Actor"]["ID"] for event in events.told] == [ONE]


async def test_an_engine_that_never_answered_is_told_as_well(watching, engine):
    engine.hung = True
    async with watching(engine) as (watch, _, _differences, states):
        assert watch.state.answers is None
        await states.until(lambda state: state.answers is False)


async def test_who_the_engine_is_comes_with_its_state(watching, engine):
    async with watching(engine) as (watch, _, _differences, states):
        await states.until(lambda state: state.answers)
        assert watch.state.info["ServerVersion"] == "27.0.1"
        assert watch.state.info["ApiVersion"] == "1.46"


@pytest.mark.parametrize("kind", ["daemon", "node"])
async def test_an_event_of_the_engine_itself_makes_its_info_asked_anew(watching, engine, kind):
    async with watching(engine) as (_watch, events, _differences, states):
        await engine.asked.until(lambda target: target.startswith("/events"))
        await states.until(lambda state: state.answers)
        engine.info = {**engine.info, "Swarm": {"NodeID": "n1", "LocalNodeState": "active"}}
        event = {"Type": kind, "Action": "update", "Actor": {"ID": "x"}, "timeNano": 5}
        engine.send(json.dumps(event).encode() + b"\n")
        await states.until(lambda state: state.info["Swarm"].get("NodeID") == "n1")
        assert events.told == []


async def test_a_silent_engine_is_still_known(watching, engine):
    async with watching(engine) as (watch, _, _differences, states):
        await states.until(lambda state: state.answers)
        engine.hung = True
        await states.until(lambda state: state.answers is False)
        assert watch.state.info["ID"] == "E1"
