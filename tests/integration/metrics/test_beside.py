"""What stands beside usage: reservations of running tasks, and the size of the machines."""

from __future__ import annotations

import pytest

from apps.metrics.beside import beside
from apps.metrics.models import MetricObject
from apps.metrics.selectors import charts_known_of
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    NodeFactory,
    ServiceFactory,
    StackFactory,
    TaskFactory,
)
from tests.factories.usage import measured

pytestmark = pytest.mark.django_db
GIB = 2**30


@pytest.fixture
def cluster():
    """Two nodes of four cores; on one of them two tasks that reserve half a core and a GiB each."""
    cluster = ClusterFactory(name="prod")
    nodes = [NodeFactory(cluster=cluster, cpu_count=4, memory_bytes=8 * GIB) for _ in range(2)]
    promise = {"cpu_reservation": 0.5, "memory_reservation_bytes": GIB}
    service = ServiceFactory(cluster=cluster, name="web", stack="shop", **promise)
    for slot in (1, 2):
        TaskFactory(service=service, node=nodes[0], slot=slot)
    TaskFactory(service=service, node=nodes[1], slot=3, state="pending")
    StackFactory(cluster=cluster, name="shop")
    return cluster


def test_a_service_and_its_stack_are_promised_what_their_running_tasks_are(cluster):
    promised = {"cpu_cores": 1.0, "memory_bytes": 2.0 * GIB}
    whole = {"cpu_cores": 8.0, "memory_bytes": 16.0 * GIB, "load_1m": 8.0}

    for kind, row in (("service", cluster.services.get()), ("stack", cluster.stacks.get())):
        assert beside(kind, row.pk) == {"reservations": promised, "capacity": whole}
    assert beside("cluster", cluster.pk) == {"reservations": promised, "capacity": whole}


def test_a_node_is_promised_what_runs_on_it_and_is_as_large_as_it_is(cluster):
    busy, idle = cluster.nodes.order_by("pk")

    assert beside("node", busy.pk)["reservations"]["cpu_cores"] == 1.0
    assert beside("node", idle.pk)["reservations"] == {}
    assert beside("node", idle.pk)["capacity"]["cpu_cores"] == 4.0


def test_a_container_is_compared_with_its_node(cluster):
    container = ContainerFactory(node=cluster.nodes.first())

    found = beside("container", container.pk)

    assert found["reservations"] == {}
    assert found["capacity"]["memory_bytes"] == 8.0 * GIB


def test_what_has_no_machine_of_its_own_has_nothing_beside():
    assert beside("volume", 1) == {"reservations": {}, "capacity": {}}


def test_charts_of_hosts_are_shown_where_they_are_told():
    usual = ["cpu", "memory", "network", "block", "pids"]
    measured("node", 1, load_1m=0.5, disk_used_bytes=GIB)
    measured("node", 2)

    assert charts_known_of("node", 1) == [*usual, "load", "disk"]
    assert charts_known_of("node", 2) == usual
    assert charts_known_of("node", 3) == usual
    assert MetricObject.objects.count() == 2
