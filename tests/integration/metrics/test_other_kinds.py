"""Stacks, volumes and namespaces are measured as well, and seen by those who may see the things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.metrics.models import MetricObject, Sample
from apps.metrics.slow import measure_slow_objects
from apps.workloads.models import Volume
from tests.factories.cluster import StackFactory, VolumeFactory
from tests.factories.metrics import CORES_EACH, MEMORY_EACH, polls
from tests.factories.registry import NamespaceFactory

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ADDRESS = "/api/v1/samples/"


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        yield


def test_a_stack_is_the_sum_of_its_containers_on_all_nodes(nodes, viewer, mallory, signed_in):
    stack = StackFactory(cluster=nodes[0].cluster, name="shop")
    for node in nodes:
        node.containers.update(stack="shop")
    polls(nodes, start=START, count=4)

    row = MetricObject.objects.get(kind="stack")
    assert (row.ref, row.label) == (stack.pk, "shop")
    assert row.cpu_cores == pytest.approx(4 * CORES_EACH)
    assert row.memory_bytes == 4 * MEMORY_EACH
    query = {"kind": "stack", "ref": stack.pk}
    assert signed_in(viewer).get(ADDRESS, query).json()["told_by"] == "containers"
    assert signed_in(mallory).get(ADDRESS, query).status_code == 404


def test_a_volume_has_a_sample_for_each_time_it_was_measured(viewer, mallory, signed_in):
    volume = VolumeFactory(size_bytes=100, observed_at=START)
    VolumeFactory(size_bytes=None)
    measure_slow_objects()
    measure_slow_objects()
    Volume.objects.filter(pk=volume.pk).update(
        size_bytes=150, observed_at=START + timedelta(minutes=2)
    )
    measure_slow_objects()

    rows = Sample.objects.filter(object__kind="volume").order_by("at_s")
    assert list(rows.values_list("disk_used_bytes", flat=True)) == [100, 150]
    query = {"kind": "volume", "ref": volume.pk, "measures": "disk_used_bytes"}
    assert signed_in(viewer).get(ADDRESS, query).json()["columns"]["disk_used_bytes"] == [100, 150]
    assert signed_in(mallory).get(ADDRESS, query).status_code == 404


def test_a_namespace_has_its_bytes_and_is_seen_as_the_registry_has_it(bob, mallory, signed_in):
    public, private = NamespaceFactory(is_public=True), NamespaceFactory(is_public=False)
    measure_slow_objects()

    labels = set(MetricObject.objects.filter(kind="namespace").values_list("label", flat=True))
    assert labels == {public.name, private.name}
    client = signed_in(mallory)
    assert client.get(ADDRESS, {"kind": "namespace", "ref": public.pk}).status_code == 200
    assert client.get(ADDRESS, {"kind": "namespace", "ref": private.pk}).status_code == 404
