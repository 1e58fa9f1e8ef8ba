"""A poll's counters become rows, totals, minutes and frames, in few statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.metrics import backends
from apps.metrics.adapters.fake_host import FakeHost
from apps.metrics.collector import Collector
from apps.metrics.models import MetricObject, MinuteSample, Sample
from apps.metrics.ports import HostCounters
from apps.nodes.models import EngineEndpoint
from dce_portal import live
from tests.factories.cluster import ContainerFactory, NodeFactory
from tests.factories.metrics import CORES_EACH, MEMORY_EACH, poll, polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MANY = 60
MOST_QUERIES = 30


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(START + timedelta(minutes=11), tick=False):
        yield


def measured(kind: str) -> MetricObject:
    return MetricObject.objects.filter(kind=kind).order_by("ref").first()


def test_every_level_has_its_figures(nodes):
    polls(nodes, start=START, count=4)

    assert measured("container").cpu_cores == pytest.approx(CORES_EACH)
    assert measured("node").cpu_cores == pytest.approx(2 * CORES_EACH)
    assert measured("node").source == "containers"
    assert measured("service").cpu_cores == pytest.approx(4 * CORES_EACH)
    assert measured("cluster").cpu_cores == pytest.approx(4 * CORES_EACH)
    assert measured("cluster").memory_bytes == 4 * MEMORY_EACH
    assert measured("cluster").cpu_limit_cores == 8


def test_the_first_poll_has_memory_only(nodes):
    polls(nodes[:1], start=START, count=1)

    row = measured("container")
    assert (row.cpu_cores, row.memory_bytes) == (None, MEMORY_EACH)


def test_an_engine_without_containers_uses_nothing_and_leaves_the_clusters_sum_whole(nodes):
    nodes[1].containers.all().delete()
    polls(nodes, start=START, count=4)

    idle = MetricObject.objects.get(kind="node", ref=nodes[1].pk)
    assert (idle.cpu_cores, idle.memory_bytes) == (0, 0)
    assert measured("cluster").cpu_cores == pytest.approx(2 * CORES_EACH)


def test_the_number_of_statements_does_not_grow_with_the_containers(db):
    node = NodeFactory()
    ContainerFactory.create_batch(MANY, node=node)
    memory = polls([node], start=START, count=3)

    with CaptureQueriesContext(connection) as queries:
        poll(node, at=START + timedelta(seconds=70), memory=memory)

    assert Sample.objects.filter(at_s=START.timestamp() + 70).count() >= MANY + 1
    assert len(queries) <= MOST_QUERIES, [query["sql"][:80] for query in queries]


def test_a_minute_is_summed_up_when_it_is_over_also_by_the_next_worker(nodes):
    polls(nodes[:1], start=START, count=8)
    row = measured("node")
    minutes = MinuteSample.objects.filter(object=row).order_by("minute_s")
    first = minutes.get()
    assert first.minute_s == START.timestamp()
    found = (first.cpu_cores_count, first.cpu_cores_sum, first.memory_bytes_count)
    assert found == (5, pytest.approx(5.0), 6)

    # The minute that was open when the worker ended, ten minutes before the next began.
    poll(nodes[0], at=START + timedelta(minutes=11), memory=Collector())

    second = minutes.get(minute_s=START.timestamp() + 60)
    assert second.memory_bytes_count == 2


def test_the_same_poll_twice_is_stored_once(nodes):
    memory = polls(nodes[:1], start=START, count=1)
    before = Sample.objects.count()

    poll(nodes[0], at=START, memory=memory)

    assert Sample.objects.count() == before


def test_a_poll_from_the_future_is_refused(nodes):
    poll(nodes[0], at=START + timedelta(hours=1), memory=Collector())

    assert not Sample.objects.exists()


def test_the_cluster_waits_for_all_its_nodes_after_a_start(nodes):
    memory = Collector()

    poll(nodes[0], at=START, memory=memory)

    assert measured("cluster") is None


def test_one_node_without_a_figure_makes_a_gap_of_the_cluster_not_a_drop(nodes):
    memory = polls(nodes, start=START, count=3)
    MetricObject.objects.filter(kind="node", ref=nodes[1].pk).update(cpu_cores=None)

    poll(nodes[0], at=START + timedelta(seconds=40), memory=memory)

    assert measured("cluster").cpu_cores is None
    assert measured("cluster").memory_bytes == 4 * MEMORY_EACH


HOST = HostCounters(START, 10.0, 4, 7000, 0, 0, 0, 0, 99, 0.5, 0, 1, 2)


def test_the_portals_own_machine_is_told_by_itself(nodes, monkeypatch):
    EngineEndpoint.objects.filter(node=nodes[0]).update(url="unix:///run/docker.sock")
    monkeypatch.setattr(backends, "host", lambda: FakeHost([HOST]))

    polls(nodes[:1], start=START, count=1)

    row = measured("node")
    assert (row.source, row.memory_bytes, row.load_1m) == ("host", 7000, 0.5)


def test_engines_that_share_one_machine_count_their_containers_only(nodes, monkeypatch):
    for node in nodes:
        EngineEndpoint.objects.filter(node=node).update(url=f"unix:///run/{node.pk}.sock")
    monkeypatch.setattr(backends, "host", lambda: FakeHost([HOST]))

    polls(nodes[:1], start=START, count=1)

    assert measured("node").source == "containers"


def test_an_engine_that_has_not_answered_yet_shares_the_machine_too(nodes, monkeypatch):
    EngineEndpoint.objects.filter(node=nodes[0]).update(url="unix:///run/docker.sock")
    EngineEndpoint.objects.create(url="unix:///run/second.sock")
    monkeypatch.setattr(backends, "host", lambda: FakeHost([HOST]))

    polls(nodes[:1], start=START, count=1)

    assert measured("node").source == "containers"


def test_frames_go_out_after_the_commit(nodes, monkeypatch, django_capture_on_commit_callbacks):
    sent: list[live.Frame] = []
    monkeypatch.setattr(live, "publish_many", sent.extend)

    with django_capture_on_commit_callbacks(execute=True):
        polls(nodes, start=START, count=3)

    by_topic = {frame.topic: frame.data for frame in sent}
    node_frame = by_topic[f"node:{nodes[0].pk}"]
    assert node_frame["values"]["cpu_cores"] == pytest.approx(2 * CORES_EACH)
    cluster_frame = by_topic[f"cluster:{nodes[0].cluster_id}"]
    assert cluster_frame["health"]["ready"] == 2
    assert len(cluster_frame["busiest"]["ref"]) == 4
    service_frames = [data for topic, data in by_topic.items() if topic.startswith("service:")]
    assert [data["values"]["cpu_cores"] for data in service_frames] == [
        pytest.approx(4 * CORES_EACH)
    ]
