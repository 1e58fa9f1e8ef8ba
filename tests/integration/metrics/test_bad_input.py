"""What engines may say that is wrong, and what may be gone: a gap or a refusal, and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.metrics.collector import Collector
from apps.metrics.measures import MEASURES, believable_values
from apps.metrics.models import MinuteSample, Sample
from apps.metrics.services import ingest_engine
from dce_portal import live
from tests.factories.metrics import counters_of, info_of, poll, polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        yield


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0, 2.0**64])
def test_a_value_that_no_machine_has_is_unknown(wrong):
    assert believable_values((wrong,) * len(MEASURES)) == (None,) * len(MEASURES)


def test_the_largest_and_the_least_that_are_believed():
    values = (0.0, 2.0**40, None, *[0.0] * (len(MEASURES) - 3))
    assert believable_values(values) == values


@pytest.mark.parametrize("jump", [2**64, 2**80])
def test_a_counter_beyond_64_bits_makes_a_gap_and_the_next_poll_is_right(jump, nodes):
    node, memory = nodes[0], Collector()
    containers = list(node.containers.all())

    def told(second: int, beyond: int) -> None:
        at = START + timedelta(seconds=second)
        counters = [counters_of(one, at=at) for one in containers]
        ingest_engine(
            node=node,
            counters=[
                replace(one, network_rx_bytes=(one.network_rx_bytes or 0) + beyond)
                for one in counters
            ],
            containers=[info_of(one) for one in containers],
            taken_at=at,
            memory=memory,
        )

    for second, beyond in ((0, 0), (10, jump), (20, 0), (30, 0)):
        told(second, beyond)

    rows = Sample.objects.filter(object__kind="container", object__ref=containers[0].pk)
    received = list(rows.order_by("at_s").values_list("network_rx_bps", flat=True))
    assert received[0] is None
    assert received[2:] == [None, 1000.0], "the counter went back: no rate between"
    assert received[1] is None or received[1] < 2.0**62


def test_while_redis_is_gone_everything_is_stored(
    nodes, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock"
    live.client.cache_clear()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            memory = polls(nodes, start=START, count=8)
            poll(nodes[0], at=START + timedelta(seconds=130), memory=memory)
    finally:
        live.client.cache_clear()

    assert Sample.objects.filter(object__kind="node").count() == 17
    assert MinuteSample.objects.filter(object__kind="node").exists()
