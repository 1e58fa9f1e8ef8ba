"""Who is watched is asked each second: from the browser's topic to the agent's address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
import redis

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.polling.watching import Watching
from apps.workloads.models import Container
from dce_portal import live, watched
from dce_portal.live_hub import Hub
from tests.factories.infos import MADE_AT
from tests.lab.host import wait_until
from tests.plugins.redis_server import RedisServer

pytestmark = pytest.mark.redis


@pytest.fixture
def client(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(redis_server.url)
    found.flushall()
    monkeypatch.setattr(live, "client", lambda: found)
    yield found
    found.close()


async def test_the_hub_says_what_is_watched_and_it_lapses_by_itself(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    hub = Hub(redis_server.url)
    watcher = hub.join()
    await hub.watch(watcher, "node:7")
    await asyncio.to_thread(
        wait_until,
        lambda: watched.watched_topics() == {"node:7"},
        what="the topic to be told",
        timeout_s=30,
    )
    await hub.leave(watcher)
    client.zadd(watched.KEY, {"node:7": time.time() - watched.WATCHED_S - 1})
    assert watched.watched_topics() == frozenset()
    assert watched.watched_topics(within_s=watched.REMEMBERED_S) == {"node:7"}


def test_without_redis_nobody_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(live, "client", lambda: nowhere)
    assert watched.watched_topics() == frozenset()


@pytest.mark.django_db
def test_a_nodes_and_a_containers_topic_mean_the_address_of_their_agent(
    client: redis.Redis,
) -> None:
    cluster = Cluster.objects.create(name="engines", kind="engines")
    nodes = [
        Node.objects.create(cluster=cluster, native_id=name, hostname=name, role="single")
        for name in ("a", "b", "c")
    ]
    rows = [
        EngineEndpoint.objects.create(kind=kind, url=f"tcp://{node}:1", node=node)
        for kind, node in zip(("agent", "agent", "engine"), nodes, strict=True)
    ]
    container = Container.objects.create(
        node=nodes[1], native_id="c1", name="c1", created_at=MADE_AT, observed_at=MADE_AT
    )
    watching = Watching()
    assert watching.endpoints() == frozenset()
    topics = [f"node:{nodes[0].pk}", f"node:{nodes[2].pk}", f"container:{container.pk}", "node:x"]
    client.zadd(watched.KEY, watched.as_scores(topics))
    assert watching.endpoints() == {rows[0].pk, rows[1].pk}
    client.delete(watched.KEY)
    assert watching.endpoints() == frozenset()
