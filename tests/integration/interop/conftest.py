"""A measured cluster, and the session's Redis for the portal's own figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
import time_machine

from apps.interop.services import exposition
from apps.nodes.models import Cluster, EngineEndpoint, Node
from dce_portal import live
from tests.factories.cluster import ClusterFactory, ContainerFactory, NodeFactory, ServiceFactory
from tests.factories.metrics import polls
from tests.plugins.redis_server import RedisServer

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=3)


@pytest.fixture
def _at_that_time() -> Iterator[None]:
    """The clock stands when the last poll has come."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """No body of an earlier test."""
    exposition.kept.forget()


def node_of(cluster: Cluster, number: int, *, containers: int = 2) -> Node:
    """A node with an engine that answered ten seconds ago, and containers of the service shop_web."""
    node = NodeFactory(cluster=cluster, hostname=f"node-{number}", cpu_count=4, memory_bytes=2**32)
    EngineEndpoint.objects.create(
        url=f"tcp://10.0.0.{number}:2376",
        node=node,
        cluster=cluster,
        last_ok_at=NOW - timedelta(seconds=10),
    )
    for _ in range(containers):
        ContainerFactory(node=node, service=cluster.services.get(), created_at=START)
    return node


@pytest.fixture
def cluster(db: None) -> Cluster:
    """One service and no node yet."""
    cluster = ClusterFactory(name="prod")
    ServiceFactory(cluster=cluster, name="shop_web", stack="shop", desired_tasks=4, running_tasks=3)
    return cluster


@pytest.fixture
def measured(cluster: Cluster) -> Callable[[int], list[Node]]:
    """Make nodes, polled every ten seconds up to NOW."""

    def make(count: int) -> list[Node]:
        first = cluster.nodes.count() + 1
        nodes = [node_of(cluster, number) for number in range(first, first + count)]
        polls(nodes, start=START, count=19)
        return nodes

    return make


@pytest.fixture
def own_redis(redis_server: RedisServer, settings) -> Iterator[redis.Redis]:
    """An empty Redis for the portal's own figures."""
    settings.REDIS_URL = redis_server.url
    live.client.cache_clear()
    client = live.client()
    client.flushdb()
    yield client
    client.close()
    live.client.cache_clear()


@pytest.fixture
def no_redis(tmp_path, settings) -> Iterator[None]:
    """Nothing listens where Redis should be."""
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock"
    live.client.cache_clear()
    yield
    live.client.cache_clear()
