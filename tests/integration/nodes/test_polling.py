"""The poll worker's inside over a real Redis: leases, ticks, and engines that answer or do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async

from apps.nodes import backends, services
from apps.nodes.adapters.fakes.cluster import FakeEngine, FakeSwarm
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.polling import asking, runtime
from apps.nodes.polling.agents import AgentBatch
from apps.nodes.polling.lease import LEASE_S, Leases
from apps.nodes.ports import EngineAddress
from apps.nodes.selectors import PollTarget
from tests.factories.infos import container_info, fake_engine, fake_swarm_state
from tests.lab.host import wait_until
from tests.plugins.redis_server import RedisServer


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(redis_server.url)
    found.flushall()
    yield found
    found.close()


def broken() -> redis.Redis:
    return redis.Redis.from_url("unix:///nowhere/redis.sock")


@pytest.mark.redis
def test_a_shard_is_held_by_one_worker_until_it_lets_go_or_dies(client: redis.Redis) -> None:
    one, two = Leases(lambda: client), Leases(lambda: client)
    assert one.holds(0)
    assert not two.holds(0)
    assert one.holds(0)
    assert two.holds(1)
    one.release()
    assert two.holds(0) or two.holds(0)  # it leaves one offer to others first
    assert not one.holds(0)
    client.delete("dce:poll:shard:0")
    assert one.holds(0)


@pytest.mark.redis
def test_a_lease_lapses_by_itself(client: redis.Redis) -> None:
    Leases(lambda: client).holds(3)
    assert 0 < client.ttl("dce:poll:shard:3") <= LEASE_S


@pytest.mark.redis
def test_while_redis_is_away_what_was_held_is_held(client: redis.Redis) -> None:
    doors = [client]
    leases = Leases(lambda: doors[-1])
    assert leases.holds(0)
    doors.append(broken())
    assert leases.holds(0)
    assert not leases.holds(1)
    leases.release()


async def here(work: Any) -> Any:
    """The database's thread of these tests is the test's own."""
    return await sync_to_async(work)()


@pytest.fixture
def ingested(monkeypatch: pytest.MonkeyPatch) -> list[Node]:
    nodes: list[Node] = []
    monkeypatch.setattr(
        asking.usage, "ingest_engine", lambda **values: nodes.append(values["node"])
    )
    return nodes


def make_asker(target: PollTarget, hurried: list[int] | None = None) -> Any:
    sink = [] if hurried is None else hurried
    batch = AgentBatch(here)
    return asking.asker_of(target, in_database=here, hurry=sink.append, batch=batch)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = fake_engine(containers=(container_info(),))
    monkeypatch.setattr(backends, "engine_port", lambda _address: fake)
    return fake


def ask(asker: Any) -> bool:
    return bool(async_to_sync(asker.ask)(with_images=True))


@pytest.mark.django_db
def test_an_engines_answer_is_stored_and_its_counters_handed_on(
    engine: FakeEngine, ingested: list[Node]
) -> None:
    row = EngineEndpoint.objects.create(url="unix:///fake")
    asker = make_asker(PollTarget("engine", row.pk, (EngineAddress(row.url),)))
    assert ask(asker)
    assert [node.native_id for node in ingested] == ["engine-1"]
    engine.error = "Refused."
    assert not ask(asker)
    assert Node.objects.get().stale_reason == "Refused."
    assert len(ingested) == 1
    async_to_sync(asker.close)()
    assert engine.is_closed


@pytest.mark.django_db
def test_a_swarms_answer_is_stored_and_its_silence_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = fake_swarm_state()
    monkeypatch.setattr(backends, "swarm_port", lambda _managers: FakeSwarm(state))
    cluster = Cluster.objects.create(name="swarm", kind="swarm", native_id="swarm-1")
    asker = make_asker(PollTarget("cluster", cluster.pk, (EngineAddress("fake://manager"),)))
    assert ask(asker)
    state.unreachable.add("fake://manager")
    assert not ask(asker)
    cluster.refresh_from_db()
    assert cluster.stale_reason == "No manager answers."


@pytest.mark.redis
@pytest.mark.django_db(transaction=True)
def test_ticks_take_engines_on_and_poll_them(
    client: redis.Redis,
    engine: FakeEngine,
    ingested: list[Node],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    EngineEndpoint.objects.create(url="unix:///fake")
    monkeypatch.setattr(services, "adopt_configured_engines", lambda: None)
    monkeypatch.setattr(runtime, "Leases", lambda: Leases(lambda: client))
    applied: list[Any] = []
    monkeypatch.setattr(asking, "apply_engine", lambda pk, found: applied.append((pk, found)))
    try:
        runtime.tick(shard=0, shards=1)
        wait_until(lambda: bool(applied), what="the poll", timeout_s=10)
    finally:
        runtime.stop()
    assert engine.is_closed
    assert client.get("dce:poll:shard:0") is None
    runtime.stop()
