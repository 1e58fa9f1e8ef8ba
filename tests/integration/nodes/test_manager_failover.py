"""Managers that hang, refuse or have lost their leader: none holds up the answer of one that is well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from apps.nodes.adapters.engine.http import READ_TIMEOUT_S
from apps.nodes.adapters.swarm import Swarm, race
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.swarm import NoLeader, SwarmChange, SwarmLocked
from dce_portal.errors import Unavailable
from tests.integration.nodes.stub_engine import StubEngine, reply, stub_engine

LEADERLESS = "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible…"
LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used."
NODE = {"ID": "n1", "ManagerStatus": {"Reachability": "reachable"}}


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def stubs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[StubEngine]]:
    monkeypatch.setattr(race, "SLOW_AFTER_S", 0.2)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(stub_engine()) for _ in range(3)]


def well(stub: StubEngine) -> None:
    stub.answers |= {
        "/swarm": reply({"ID": "swarm-1", "Version": {"Index": 3}, "Spec": {}}),
        "/services": reply([]),
        "/tasks": reply([]),
        "/nodes": reply([NODE]),
        "/swarm/update": reply({}),
    }


def refuses(stub: StubEngine, message: str, status: str) -> None:
    stub.answers |= {"/swarm": reply({"message": message}, status=status)}


def swarm_of(stubs: list[StubEngine]) -> Swarm:
    return Swarm([EngineAddress(stub.url) for stub in stubs])


async def test_two_managers_that_hang_do_not_eat_the_polls_time(stubs: list[StubEngine]) -> None:
    first, second, third = stubs
    first.answers["/version"] = second.answers["/version"] = hang
    well(third)
    port, began_s = swarm_of(stubs), time.monotonic()
    try:
        assert (await port.snapshot()).source == third.url
        assert time.monotonic() - began_s < READ_TIMEOUT_S
        asked = len(first.seen)
        assert (await port.snapshot()).source == third.url
        assert len(first.seen) == asked
    finally:
        await port.close()


async def test_a_manager_that_is_only_slow_still_answers(stubs: list[StubEngine]) -> None:
    """Whoever answers first is right, also when others were asked meanwhile."""
    first, second, _third = stubs
    well(first)
    answer, other_was_asked = first.answers["/swarm"], asyncio.Event()

    async def slowly(writer: asyncio.StreamWriter) -> None:
        await other_was_asked.wait()
        await answer(writer)

    async def note_and_hang(writer: asyncio.StreamWriter) -> None:
        other_was_asked.set()
        await hang(writer)

    first.answers["/swarm"] = slowly
    second.answers["/version"] = note_and_hang
    port = swarm_of(stubs[:2])
    try:
        assert (await port.snapshot()).source == first.url
    finally:
        await port.close()


async def test_a_lost_majority_says_more_than_silence_and_locks(stubs: list[StubEngine]) -> None:
    first, second, third = stubs
    refuses(first, LOCKED, "503 Service Unavailable")
    refuses(second, LEADERLESS, "500 Internal Server Error")
    third.answers["/version"] = reply(b"garbage")
    port = swarm_of(stubs)
    with pytest.raises(NoLeader, match="force-new-cluster"):
        await port.snapshot()
    await port.close()
    port = swarm_of([first, third])
    with pytest.raises(SwarmLocked, match="docker swarm unlock"):
        await port.snapshot()
    await port.close()
    port = swarm_of([third])
    with pytest.raises(Unavailable, match="not a Docker engine"):
        await port.snapshot()
    await port.close()


async def test_a_change_is_written_through_one_manager_only(stubs: list[StubEngine]) -> None:
    first, second, _third = stubs
    refuses(first, LEADERLESS, "500 Internal Server Error")
    well(second)
    port = swarm_of(stubs[:2])
    try:
        await port.update_swarm(change=SwarmChange(rotate_worker_token=True), version_index=3)
    finally:
        await port.close()
    written = [line for stub in stubs for line in stub.seen if line.startswith("POST")]
    assert len(written) == 1
    assert "version=3" in written[0]
    assert "rotateWorkerToken=true" in written[0]
