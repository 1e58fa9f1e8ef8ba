"""A cluster with engines, and the session's Redis as the live line's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis

from apps.nodes.models import Cluster, EngineEndpoint, Node
from dce_portal import live
from tests.factories.cluster import ClusterFactory, ContainerFactory, NodeFactory, ServiceFactory
from tests.plugins.redis_server import RedisServer


@pytest.fixture
def cluster(db: None) -> Cluster:
    """Two nodes with an engine each, and two containers of one service on each."""
    cluster = ClusterFactory(name="prod")
    service = ServiceFactory(cluster=cluster, name="shop", desired_tasks=4, running_tasks=4)
    for number in (1, 2):
        node = NodeFactory(
            cluster=cluster, hostname=f"node-{number}", cpu_count=4, memory_bytes=2**32
        )
        EngineEndpoint.objects.create(url=f"tcp://10.0.0.{number}:2376", node=node, cluster=cluster)
        for _ in range(2):
            ContainerFactory(
                node=node, service=service, created_at=datetime(2026, 1, 1, tzinfo=UTC)
            )
    return cluster


@pytest.fixture
def nodes(cluster: Cluster) -> list[Node]:
    """Its nodes, by name."""
    return list(cluster.nodes.order_by("hostname"))


@pytest.fixture
def live_redis(redis_server: RedisServer, settings) -> Iterator[redis.Redis]:
    """An empty Redis that publishing and the hub use."""
    settings.REDIS_URL = redis_server.url
    live.client.cache_clear()
    client = live.client()
    client.flushdb()
    yield client
    client.close()
    live.client.cache_clear()
