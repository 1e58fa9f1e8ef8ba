"""What replacing an agent asks of its engine, and how the engine's answers are read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from apps.nodes.adapters.agent import AgentHost
from apps.nodes.adapters.agent.agent_host import helper_of
from apps.nodes.ports import EngineAddress
from dce_portal.errors import InvalidInput, NotFound
from tests.integration.nodes.stub_engine import StubEngine, reply, stub_engine

IMAGE = "portal:8443/dce/agent:1.1.0"
HELPER = "/containers/dce-agent-upgrade"
RUNNING = {
    "Config": {"Image": "portal:8443/dce/agent:1.0.0"},
    "Mounts": [
        {"Source": "/", "Destination": "/host"},
        {"Source": "/srv/docker.sock", "Destination": "/var/run/docker.sock"},
    ],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The adapter and the engine that it asks."""

    host: AgentHost
    engine: StubEngine


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with stub_engine() as engine:
        host = AgentHost(EngineAddress(engine.url))
        yield Asked(host, engine)
        await host.close()


async def test_it_finds_the_agents_image_and_the_engines_socket(asked: Asked) -> None:
    asked.engine.answers["/containers/dce-agent/json"] = reply(RUNNING)
    found = await asked.host.agent()
    assert (found.image, found.socket_path) == (RUNNING["Config"]["Image"], "/srv/docker.sock")


async def test_an_agent_outside_a_container_is_not_found(asked: Asked) -> None:
    with pytest.raises(NotFound):
        await asked.host.agent()


async def test_a_pull_is_many_lines_and_the_last_may_be_an_error(asked: Asked) -> None:
    lines = [{"status": "Pulling"}, {"status": "Digest: sha256:00"}]
    asked.engine.answers["/images/create"] = reply(_lines(lines))
    await asked.host.pull(IMAGE)
    asked.engine.answers["/images/create"] = reply(_lines([*lines, {"error": "manifest unknown"}]))
    with pytest.raises(InvalidInput, match="manifest unknown"):
        await asked.host.pull(IMAGE)


async def test_the_helper_of_an_earlier_try_is_removed_first(asked: Asked) -> None:
    for path in (HELPER, f"{HELPER}/start"):
        asked.engine.answers[path] = reply(b"", status="204 No Content")
    asked.engine.answers["/containers/create"] = reply({"Id": "x"}, status="201 Created")
    await asked.host.start_replacement(IMAGE, socket_path="/srv/docker.sock")
    calls = [line.partition("?")[0].replace("/v1.45", "") for line in asked.engine.seen[1:]]
    assert calls == [f"DELETE {HELPER}", "POST /containers/create", f"POST {HELPER}/start"]


def test_the_helper_gets_the_socket_and_nothing_else() -> None:
    body = helper_of(IMAGE, socket_path="/srv/docker.sock")
    assert body["Cmd"] == ["replace", "--image", IMAGE]
    assert body["HostConfig"]["Binds"] == ["/srv/docker.sock:/var/run/docker.sock"]
    assert body["HostConfig"]["NetworkMode"] == "none"


@pytest.mark.parametrize(
    ("state", "is_done", "has_failed"),
    [
        ({"Status": "created", "Running": False, "ExitCode": 0}, False, False),
        ({"Status": "running", "Running": True, "ExitCode": 0}, False, False),
        ({"Status": "exited", "Running": False, "ExitCode": 0}, True, False),
        ({"Status": "exited", "Running": False, "ExitCode": 1}, True, True),
    ],
)
async def test_how_far_the_helper_is(
    asked: Asked, state: dict[str, object], is_done: bool, has_failed: bool
) -> None:
    asked.engine.answers[f"{HELPER}/json"] = reply({"State": state})
    asked.engine.answers[f"{HELPER}/logs"] = reply(
        b"It is unhealthy.\r\n\x1b[0mThe old one runs.\r\n"
    )
    outcome = await asked.host.outcome()
    assert (outcome.is_done, outcome.has_failed) == (is_done, has_failed)
    if is_done:
        assert outcome.said.startswith("It is unhealthy. ")
        assert outcome.said.isprintable()


def _lines(steps: list[dict[str, str]]) -> bytes:
    return b"\r\n".join(json.dumps(step).encode() for step in steps)
