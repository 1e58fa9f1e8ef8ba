"""The client against what an engine must not do: garbage, half answers, floods, silence, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from apps.nodes.adapters.engine import Engine, EngineHttp
from apps.nodes.adapters.engine import engine as engine_module
from apps.nodes.adapters.engine import http as http_module
from apps.nodes.adapters.engine.engine import stats_at_once
from apps.nodes.adapters.swarm import Swarm
from apps.nodes.ports import EngineAddress, NodeChange, TlsFiles
from dce_portal.errors import Conflict, InvalidInput, NotFound, Unavailable
from tests.integration.nodes.stub_engine import StubEngine, reply, stub_engine

INFO = {"ID": "E1", "Name": "host", "ServerVersion": "26.1.0", "Swarm": {}}


@pytest.fixture
async def stub() -> AsyncIterator[StubEngine]:
    async with stub_engine() as running:
        yield running


@pytest.fixture
async def http(stub: StubEngine) -> AsyncIterator[EngineHttp]:
    client = EngineHttp(EngineAddress(stub.url))
    yield client
    await client.close()
    await client.close()


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ID":')
    await writer.drain()
    writer.close()


async def no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await writer.drain()
    writer.close()


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
    for _ in range(800):
        writer.write(b" " * 65536)
        await writer.drain()


async def silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def test_the_version_is_negotiated_once(stub: StubEngine, http: EngineHttp) -> None:
    stub.answers["/info"] = reply(INFO)
    await http.get("/info")
    await http.get("/info")
    assert stub.seen == ["GET /version", "GET /v1.45/info", "GET /v1.45/info"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(b"<html>hello</html>"), "not a Docker engine"),
        (reply({"message": "boom"}, status="500 Oops"), "boom"),
        (reply(b"<html>", status="502 Bad"), "HTTP 502"),
        (reply(b"plain HTTP to an HTTPS server\n", status="400 Bad"), "plain HTTP to an HTTPS"),
        (reply(b"", status="302 Found"), "HTTP 302"),
        (half, "cannot be asked"),
        (no_http, "cannot be asked"),
        (flood, "larger than 32 MiB"),
    ],
)
async def test_a_bad_answer_is_unavailable_and_names_the_address(
    stub: StubEngine, http: EngineHttp, answer: object, words: str
) -> None:
    stub.answers["/info"] = answer  # type: ignore[assignment]
    with pytest.raises(Unavailable, match=words) as caught:
        await http.get("/info")
    assert stub.url in caught.value.message


async def test_a_silent_engine_is_given_up(
    stub: StubEngine, http: EngineHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "READ_TIMEOUT_S", 0.05)
    stub.answers["/info"] = silence
    with pytest.raises(Unavailable, match="in time"):
        await http.get("/info")


async def test_a_failure_makes_the_version_be_asked_again(
    stub: StubEngine, http: EngineHttp
) -> None:
    stub.answers["/info"] = reply({"message": "client version 1.45 is too old"}, status="400 Bad")
    with pytest.raises(Unavailable):
        await http.get("/info")
    stub.answers["/info"] = reply(INFO)
    await http.get("/info")
    assert stub.seen.count("GET /version") == 2


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        ("404 NF", "no such node", NotFound),
        ("409 Conflict", "busy", Conflict),
        ("500 Err", "rpc error: code = Unknown desc = update out of sequence", Conflict),
        ("400 Bad", "invalid label", InvalidInput),
        ("503 SU", "This node is not a swarm manager.", Unavailable),
    ],
)
async def test_refusals_have_their_own_errors(
    stub: StubEngine, http: EngineHttp, status: str, message: str, error: type[Exception]
) -> None:
    stub.answers["/nodes/n1/update"] = reply({"message": message}, status=status)
    with pytest.raises(error):
        await http.post("/nodes/n1/update", params={"version": "1"}, body={})


async def test_nobody_listens() -> None:
    http = EngineHttp(EngineAddress("unix:///nowhere/docker.sock"))
    with pytest.raises(Unavailable, match="No such file"):
        await http.get("/info")
    await http.close()


async def test_missing_certificates_are_a_sentence() -> None:
    files = TlsFiles("/nowhere/ca.pem", "/nowhere/cert.pem", "/nowhere/key.pem")
    http = EngineHttp(EngineAddress("tcp://127.0.0.1:1", files))
    with pytest.raises(Unavailable, match=r"tcp://127\.0\.0\.1:1 .*No such file"):
        await http.get("/info")


def listed(*ids: str) -> list[dict[str, str]]:
    return [{"Id": found, "State": "running"} for found in ids]


async def test_a_containers_missing_figures_do_not_spoil_the_others(
    stub: StubEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "STATS_TIMEOUT_S", 0.2)
    usage = {"read": "2026-01-02T03:04:05Z", "cpu_stats": {"cpu_usage": {"total_usage": 5}}}
    stub.answers |= {
        "/info": reply(INFO),
        "/containers/json": reply([*listed("good", "slow", "bad", "gone"), {"Id": "x"}]),
        "/containers/good/stats": reply(usage),
        "/containers/slow/stats": silence,
        "/containers/bad/stats": reply(b"]["),
        "/images/json": reply([{"Id": "sha256:1"}]),
    }
    engine = Engine(EngineAddress(stub.url))
    snapshot = await engine.snapshot(with_images=True)
    await engine.close()
    assert [found.container_id for found in snapshot.counters] == ["good"]
    assert set(snapshot.missed) == {"slow", "bad"}
    assert len(snapshot.containers) == 5
    assert snapshot.images is not None
    assert "GET /v1.45/containers/good/stats?stream=0&one-shot=1" in stub.seen


@pytest.mark.parametrize(
    ("version", "at_once"), [("20.10.24+dfsg1", 512), ("24.0.7", 512), ("25.0.0", 8), ("dev", 8)]
)
def test_old_engines_are_asked_in_one_batch(version: str, at_once: int) -> None:
    assert stats_at_once(version) == at_once


async def test_figures_are_asked_a_few_at_a_time(stub: StubEngine) -> None:
    async def after_a_moment(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await reply({})(writer)

    ids = [f"c{number}" for number in range(30)]
    stub.answers |= {"/info": reply(INFO), "/containers/json": reply(listed(*ids))}
    stub.answers |= {f"/containers/{found}/stats": after_a_moment for found in ids}
    engine = Engine(EngineAddress(stub.url))
    await engine.snapshot(with_images=False)
    await engine.close()
    assert 1 < stub.most_at_once <= 8


async def test_the_next_manager_is_asked_and_kept(stub: StubEngine) -> None:
    node = {"ID": "n1", "Version": {"Index": 3}, "Spec": {"Role": "worker", "Name": "kept"}}
    async with stub_engine() as worker:
        worker.answers["/nodes/n1"] = reply({"message": "not a swarm manager"}, status="503 SU")
        stub.answers["/nodes/n1"] = reply(node)
        stub.answers["/nodes/n1/update"] = reply(b"")
        urls = ("unix:///nowhere.sock", worker.url, stub.url)
        swarm = Swarm([EngineAddress(url) for url in urls])
        assert (await swarm.node("n1")).version_index == 3
        await swarm.update_node("n1", change=NodeChange(availability="drain"), version_index=3)
        await swarm.close()
        assert [call for call in worker.seen if "nodes" in call] == ["GET /v1.45/nodes/n1"]
        assert "POST /v1.45/nodes/n1/update?version=3" in stub.seen


async def test_when_no_manager_answers_every_cause_is_told(stub: StubEngine) -> None:
    swarm = Swarm([EngineAddress("unix:///nowhere.sock"), EngineAddress(stub.url)])
    stub.answers["/swarm"] = reply({"message": "no leader"}, status="503 SU")
    with pytest.raises(Unavailable, match=r"nowhere.*no leader"):
        await swarm.snapshot()
    await swarm.close()
    with pytest.raises(Unavailable, match="No manager"):
        await Swarm([]).snapshot()
