"""A stack's own topic: frames with its total, for those who may see stacks."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import time_machine

from apps.workloads.models import Container
from dce_portal import live
from tests.factories.cluster import StackFactory
from tests.factories.metrics import CORES_EACH, polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stack(nodes):
    stack = StackFactory(cluster=nodes[0].cluster, name="shop")
    Container.objects.update(stack="shop")
    return stack


def test_a_stacks_watchers_get_the_sum_of_its_containers(stack, nodes, live_redis):
    with time_machine.travel(START, tick=False):
        polls(nodes, start=START, count=3)

    newest = live.client().lrange(live.ring_key(f"stack:{stack.pk}"), -1, -1)[0]

    usage = json.loads(newest)["data"]
    assert usage["type"] == "usage"
    # Two containers on each of two nodes.
    assert usage["values"]["cpu_cores"] == pytest.approx(4 * CORES_EACH)


def test_only_who_may_see_stacks_may_watch_one(stack, viewer, mallory):
    topic = f"stack:{stack.pk}"

    assert live.may_watch(viewer, topic)
    assert not live.may_watch(viewer, f"stack:{stack.pk + 1}")
    assert not live.may_watch(mallory, topic)
