"""Moments at which an agent saw a container held back become a service's share, and are told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.agent_rows import AgentUsage, ContainerRef
from apps.metrics.agent_usage import ingest_agents
from apps.metrics.models import MetricObject, ServiceSizing, ServiceUsageDay, ThrottledSample
from apps.metrics.right_sizing.reckoning import reckon
from apps.metrics.right_sizing.services import refresh
from apps.nodes.adapters.agent import agent_json
from apps.nodes.adapters.agent.agent_json import COLUMNS
from apps.nodes.ports.agent import AgentSnapshot
from tests.factories.agents import agent_answer
from tests.integration.metrics.right_sizing.test_refresh import measured, minutes

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = NOON - timedelta(hours=2)


@pytest.fixture
def container(nodes):
    return nodes[0].containers.first()


def held_back(container, *, periods: float, held: float, ahead_s: int = 0) -> AgentUsage:
    """Six samples ten seconds apart, the first on the hour."""
    first_ms = int((HOUR.timestamp() + ahead_s) * 1000)
    figures = {
        "cpu_cores": 0.5,
        "memory_bytes": 2**20,
        "cpu_periods_per_s": periods,
        "cpu_throttled_periods_per_s": held,
    }
    answer = agent_answer(
        at_unix_ms=[first_ms + 10_000 * number for number in range(6)],
        containers={"c1": figures},
    )
    node = container.node
    ref = ContainerRef(
        pk=container.pk, name="c1", service_pk=container.service_id, cpu_limit_cores=0.5
    )
    return AgentUsage(
        node_pk=node.pk,
        cluster_pk=node.cluster_id,
        hostname=node.hostname,
        memory_bytes=2**32,
        containers={"c1": ref},
        snapshot=snapshot_of(answer),
        clock_ahead_s=0.0,
    )


def snapshot_of(raw) -> AgentSnapshot:
    """As the adapter reads it, without the lists."""
    answer = agent_json.answer_of(raw)
    ticks = agent_json.ticks_of(answer)
    count = len(ticks.at_unix_ms)
    return AgentSnapshot(
        taken_at=NOON,
        clock_ahead_s=0.0,
        node=agent_json.node_of(answer.part("node")),
        engine=agent_json.engine_of(answer.part("engine")),
        lists=None,
        ticks=ticks,
        tables={name: agent_json.table_of(answer, name, tick_count=count) for name in COLUMNS},
        events=(),
        cursor="",
        reset=False,
        more=False,
    )


def ingest(usage: AgentUsage) -> None:
    ingest_agents([usage], now=NOON)


def test_a_moment_is_kept_once_however_often_it_is_told(container):
    usage = held_back(container, periods=10.0, held=4.0)

    ingest(usage)
    ingest(usage)

    found = list(ThrottledSample.objects.values_list("container_ref", "share"))
    assert found == [(container.pk, 0.4)] * 6


@pytest.mark.parametrize(("periods", "held"), [(10.0, 0.0), (0.0, 0.0), (None, None), (None, 3.0)])
def test_nothing_held_back_leaves_nothing(container, periods, held):
    ingest(held_back(container, periods=periods, held=held))

    assert not ThrottledSample.objects.exists()


def test_a_moment_from_the_future_is_refused(container):
    ingest(held_back(container, periods=10.0, held=4.0, ahead_s=3 * 3600))

    assert not ThrottledSample.objects.exists()


def test_a_service_says_in_which_part_of_the_time_it_is_held_back(container):
    row = measured(container)
    minutes(row, start=HOUR, count=60)
    # In every minute three of six samples lost four of five periods.
    for minute in range(60):
        for number in range(3):
            ThrottledSample.objects.create(
                container_ref=container.pk,
                at_s=int(HOUR.timestamp()) + 60 * minute + 10 * number,
                share=0.8,
            )

    refresh(now=NOON)

    sizing = ServiceSizing.objects.get(service=container.service)
    assert sizing.cpu_throttled_share == pytest.approx(0.4, rel=0.011)
    assert not ThrottledSample.objects.exists()


def test_held_back_makes_a_service_too_tight(container):
    type(container.service).objects.update(cpu_limit=0.5, cpu_reservation=0.5)
    row = measured(container)
    minutes(row, start=HOUR, count=60, cpu=0.45)
    refresh(now=NOON)
    ServiceUsageDay.objects.update(minutes=3000, throttled_bins={"302": 60})

    reckon(now=NOON)

    sizing = ServiceSizing.objects.get(service=container.service)
    assert sizing.cpu_verdict == "tight"
    # 0.5 and a half, in steps of 0.05.
    assert sizing.cpu_suggested_limit == 0.75


def test_without_an_agent_nothing_is_known(container):
    row = measured(container)
    MetricObject.objects.filter(pk=row.pk).update(source="engine")
    minutes(row, start=HOUR, count=60)

    refresh(now=NOON)

    assert ServiceSizing.objects.get(service=container.service).cpu_throttled_share is None
