"""A portal that hosts can join, and a Swarm that can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from apps.nodes import backends, views
from apps.nodes.adapters.fakes.cluster import FakeSwarm, FakeSwarmState
from apps.nodes.models import Cluster
from tests.factories.cluster import ClusterFactory


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent image, no port probes, and no memory of other tests' guesses."""
    cache.clear()
    monkeypatch.setattr(views, "agent_image_reference", lambda host: f"{host}/dce/agent:1")
    monkeypatch.setattr(views, "reachability", lambda _host: {"port_12376": "reached"})
    yield
    cache.clear()


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A Swarm that can be asked."""
    state = FakeSwarmState()
    monkeypatch.setattr(backends, "cluster_port", lambda _cluster: FakeSwarm(state))
    return ClusterFactory(native_id="fake-swarm")
