"""Two poll workers over one fleet: each address is asked by one of them, and the dead one's by the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from apps.nodes import services
from apps.nodes.models import EngineEndpoint
from apps.nodes.polling import runtime
from apps.nodes.polling.lease import Leases
from apps.nodes.polling.runtime import Runtime
from apps.nodes.selectors import PollTarget
from tests.lab.host import wait_until
from tests.plugins.redis_server import RedisServer

SHARDS, AGENTS = 4, 40
pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


class Counting:
    """Notes who was asked."""

    def __init__(self, pk: int, asked: set[int]) -> None:
        self._pk, self._asked = pk, asked

    async def ask(self, *, with_images: bool, is_watched: bool = False) -> bool:
        self._asked.add(self._pk)
        return True

    async def close(self) -> None:
        return


Worker = tuple[Runtime, set[int]]


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(redis_server.url)
    found.flushall()
    yield found
    found.close()


@pytest.fixture
def make_worker(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Worker]]:
    monkeypatch.setattr(services, "adopt_configured_engines", lambda: None)
    monkeypatch.setattr(runtime, "Leases", lambda: Leases(lambda: client))
    monkeypatch.setattr("apps.nodes.polling.watching.watched_topics", frozenset)
    made: list[Runtime] = []

    def make() -> Worker:
        asked: set[int] = set()

        def open_asker(target: PollTarget) -> Counting:
            return Counting(target.pk, asked)

        monkeypatch.setattr(Runtime, "_open_asker", lambda _self, target: open_asker(target))
        worker = Runtime()
        worker._poller._open_asker = open_asker
        made.append(worker)
        return worker, asked

    yield make
    for worker in made:
        worker.stop()


def tick_all(*workers: Runtime) -> None:
    """As beat does: each shard's tick reaches one worker, and the next time another."""
    for shard in range(SHARDS):
        for number in range(len(workers)):
            workers[(shard + number) % len(workers)].tick(shard=shard, shards=SHARDS)


def test_two_workers_share_the_shards_and_one_takes_over_what_the_other_leaves(
    make_worker: Callable[[], Worker], client: redis.Redis
) -> None:
    EngineEndpoint.objects.bulk_create(
        EngineEndpoint(kind="agent", url=f"tcp://10.0.0.{n}:12376") for n in range(AGENTS)
    )
    everyone = set(EngineEndpoint.objects.values_list("pk", flat=True))
    (one, asked_one), (two, asked_two) = make_worker(), make_worker()

    def are_all_asked() -> bool:
        tick_all(one, two)
        return asked_one | asked_two == everyone

    wait_until(are_all_asked, what="all to be asked", timeout_s=30)
    assert not asked_one & asked_two
    assert asked_one
    assert asked_two
    for shard in range(SHARDS):  # the first dies without a word, and its leases lapse
        if one.leases.holds(shard):
            client.delete(f"dce:poll:shard:{shard}")

    def has_taken_over() -> bool:
        tick_all(two)
        return asked_two == everyone

    wait_until(has_taken_over, what="the other to take over", timeout_s=30)


def test_a_worker_asks_all_that_it_holds_whichever_shards_tick_reaches_it(
    make_worker: Callable[[], Worker], client: redis.Redis
) -> None:
    """Beat's ticks go to whoever waits first, so that a shard's own tick may go astray for seconds."""
    (one, _asked_one), (two, _asked_two) = make_worker(), make_worker()
    one.tick(shard=0, shards=2)
    two.tick(shard=1, shards=2)
    started: list[int] = []
    one._poller.start_due = lambda shard: started.append(shard) or 0  # type: ignore[method-assign,func-returns-value]
    for _second in range(3):
        one.tick(shard=1, shards=2)
    wait_until(lambda: started == [0, 0, 0], what="its own shard to be asked", timeout_s=10)
    assert two.leases.current() == [1]


def test_shards_that_nobody_holds_go_round(client: redis.Redis) -> None:
    """The first to be there does not take them all; alone, it has them all a few ticks later."""
    one, two = Leases(lambda: client), Leases(lambda: client)
    for shard in range(2):
        one.holds(shard)
        two.holds(shard)
    assert (one.current(), two.current()) == ([0], [1])
    two.release()
    assert [one.holds(1) for _second in range(2)][-1]
    assert one.current() == [0, 1]
