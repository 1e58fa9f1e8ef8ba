"""Answers that no agent sends: each is refused whole, with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from apps.nodes.adapters.agent import Agent
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.agent import AgentMemory, AgentSnapshot
from dce_portal.errors import Unavailable
from tests.factories.agents import ENGINE, INFO, NODE, agent_answer, container_entry, lists
from tests.factories.infos import container_info

AT = 1_795_000_000_000


class Canned(Agent):
    """An agent whose answers are given by the test."""

    async def read(self, raw: object) -> AgentSnapshot:
        async def answer(_path: str, **_parameters: str) -> object:
            return raw

        self._http.read = answer  # type: ignore[method-assign] # no socket in a unit test
        return await self.samples(since="", watch=False)


@pytest.fixture
def agent() -> Canned:
    return Canned(EngineAddress("unix:///agent.sock"))


async def test_an_answer_is_read(agent: Canned) -> None:
    raw = agent_answer(at_unix_ms=[AT, AT + 5000], containers={"c1": {"cpu_cores": 0.5}})
    raw |= {"reset": True, "lists": lists(container_entry("c1", Status="Up 5 minutes (healthy)"))}
    read = await agent.read(raw)
    assert (read.cursor, read.reset, read.more) == ("boot:7", True, False)
    assert read.tables["containers"].columns["cpu_cores"] == [0.5, 0.5]
    assert read.engine.identity is not None
    assert read.engine.identity.api_version == "1.48"
    assert read.node.swarm_certificate_expires_at is not None
    container = read.lists.containers[0]
    assert (container.status, container.health) == ("Up (healthy)", "healthy")


async def test_changes_after_the_lists_and_of_later_answers_add_up(agent: Canned) -> None:
    def change(number: int, native_id: str, entry: object) -> dict[str, Any]:
        return {"number": number, "kind": "container", "id": native_id, "entry": entry}

    raw = agent_answer(reset=True, lists=lists(container_entry("a"), number=5))
    raw["changes"] = [change(4, "a", None), change(6, "b", container_entry("b"))]
    first = await agent.read(raw)
    assert [one.native_id for one in first.lists.containers] == ["a", "b"]
    same = await agent.read(agent_answer())
    assert same.lists.number == first.lists.number
    later = await agent.read(agent_answer(changes=[change(7, "a", None)]))
    assert [one.native_id for one in later.lists.containers] == ["b"]
    assert later.lists.number != first.lists.number


async def test_another_process_goes_on_with_the_lists_of_the_first(agent: Canned) -> None:
    agent.resume(AgentMemory("boot:7", (container_info("c9"),)))
    read = await agent.read(agent_answer())
    assert [one.native_id for one in read.lists.containers] == ["c9"]


async def test_an_agent_that_has_not_heard_its_engine_says_so(agent: Canned) -> None:
    engine = {"answers": None, "reason": "It has not been asked yet.", "since_unix_ms": 0}
    read = await agent.read(agent_answer(engine=engine))
    assert (read.engine.answers, read.engine.identity) == (None, None)


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw.pop(name)


def columns(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["tables"]["containers"]["columns"].update({name: value})


def rows(part: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["tables"]["containers"].update({part: value})


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown version": lambda raw: raw.update(version=2),
    "no version": without("version"),
    "no cursor": without("cursor"),
    "endless cursor": lambda raw: raw.update(cursor="x" * 101),
    "no ticks": without("ticks"),
    "no tables": without("tables"),
    "negative figure": columns("cpu_cores", [-0.1]),
    "infinite figure": columns("cpu_cores", [1e400]),
    "text for a figure": columns("cpu_cores", ["0.1"]),
    "true for a figure": columns("cpu_cores", [True]),
    "column too short": columns("cpu_cores", []),
    "no column": lambda raw: raw["tables"]["containers"]["columns"].pop("pids"),
    "row of no tick": rows("tick", [1]),
    "row of no key": rows("key", [-1]),
    "keys that are no texts": rows("keys", [1]),
    "tick before all time": lambda raw: raw["ticks"].update(at_unix_ms=[-5]),
    "tick after all time": lambda raw: raw["ticks"].update(at_unix_ms=[10**18]),
    "ticks that are texts": lambda raw: raw["ticks"].update(at_unix_ms=["now"]),
    "intervals of other ticks": lambda raw: raw["ticks"].update(interval_ms=[]),
    "lists that are none": lambda raw: raw.update(reset=True, lists=None),
    "a container without an id": lambda raw: raw.update(reset=True, lists=lists({})),
    "an engine without an id": lambda raw: raw.update(engine=ENGINE | {"info": {"Name": "x"}}),
    "a change of nothing": lambda raw: raw.update(changes=[{"number": 1, "kind": "container"}]),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_answer_is_refused_with_a_sentence(
    agent: Canned, spoil: Callable[[dict[str, Any]], object]
) -> None:
    raw = agent_answer(at_unix_ms=[AT], containers={"c1": {"cpu_cores": 0.5}})
    raw = orjson.loads(orjson.dumps(raw))
    spoil(raw)
    with pytest.raises(Unavailable) as refusal:
        await agent.read(raw)
    assert "cannot be read" in refusal.value.message


@pytest.mark.parametrize("raw", [None, [], "text", 7], ids=str)
async def test_what_is_no_object_is_refused(agent: Canned, raw: object) -> None:
    with pytest.raises(Unavailable):
        await agent.read(raw)


async def test_facts_of_wrong_types_are_as_if_absent(agent: Canned) -> None:
    node = NODE | {"kernel": 7, "cpus": "four", "swarm_certificate_not_after_unix_s": "soon"}
    engine = ENGINE | {"info": INFO | {"Labels": 7, "Swarm": []}, "reason": 5}
    read = await agent.read(agent_answer(node=node, engine=engine))
    assert (read.node.kernel, read.node.cpu_count) == ("", 0.0)
    assert read.node.swarm_certificate_expires_at is None
