"""Minutes become days of services and rows of right-sizing: each hour once, gaps as gaps, quiet containers noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.models import (
    MetricObject,
    MinuteSample,
    QuietContainer,
    ServiceSizing,
    ServiceUsageDay,
    SizingProgress,
)
from apps.metrics.right_sizing import folding
from apps.metrics.right_sizing.services import refresh
from apps.workloads.models import Service
from tests.factories.cluster import ServiceFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIB = 2**20


def measured(container) -> MetricObject:
    return MetricObject.objects.create(
        kind="container",
        ref=container.pk,
        label=container.name,
        source="agent",
        cluster_ref=container.node.cluster_id,
        node_ref=container.node_id,
        service_ref=container.service_id,
        last_sample_at=NOON,
    )


def minutes(row, *, start, count, cpu=0.5, cpu_max=None, memory=100 * MIB, network=1000.0):
    """`count` minutes of six samples each, the figures the same in all but the highest."""
    first_s = int(start.timestamp())
    MinuteSample.objects.bulk_create(
        MinuteSample(
            object_id=row.pk,
            minute_s=first_s + 60 * number,
            cpu_cores_count=6,
            cpu_cores_sum=6 * cpu,
            cpu_cores_min=cpu,
            cpu_cores_max=cpu if cpu_max is None else cpu_max,
            memory_bytes_count=6,
            memory_bytes_sum=6 * memory,
            memory_bytes_min=memory,
            memory_bytes_max=memory,
            network_rx_bps_count=6,
            network_rx_bps_sum=6 * network,
            network_tx_bps_count=6,
            network_tx_bps_sum=0,
        )
        for number in range(count)
    )


@pytest.fixture
def service(cluster) -> Service:
    service = cluster.services.get(name="shop")
    Service.objects.filter(pk=service.pk).update(
        cpu_reservation=2.0, cpu_limit=4.0, memory_reservation_bytes=112 * MIB, running_tasks=4
    )
    service.refresh_from_db()
    return service


@pytest.fixture
def rows(service):
    return [measured(one) for one in service.containers.order_by("pk")]


def test_a_day_of_minutes_becomes_a_suggestion(service, rows):
    for row in rows:
        minutes(row, start=NOON - timedelta(days=2), count=2 * 1440 - 60, cpu_max=0.9)

    done = refresh(now=NOON)

    sizing = ServiceSizing.objects.get(service=service)
    assert done.hours == 47
    assert sizing.days == pytest.approx(47 / 24)
    assert sizing.cpu_p50 == sizing.cpu_p95 == pytest.approx(0.5, rel=0.011)
    assert sizing.cpu_highest == 0.9
    # 0.5 × 1.15 = 0.575 → 0.6 (to within the sketch), 0.9 × 1.25 = 1.125 → 1.2
    assert (sizing.cpu_suggested_reservation, sizing.cpu_suggested_limit) == (0.6, 1.2)
    assert sizing.cpu_saving == pytest.approx(4 * (2.0 - 0.6))
    assert (sizing.cpu_verdict, sizing.memory_verdict, sizing.verdict) == ("wide", "fits", "wide")


def test_an_hour_is_taken_in_once(service, rows):
    minutes(rows[0], start=NOON - timedelta(hours=3), count=120)

    first, second = folding.fold(now=NOON), folding.fold(now=NOON)

    # The last whole hour that agents may still bring minutes of is left for the next run.
    assert (first, second) == (2, 0)
    day = ServiceUsageDay.objects.get(service=service)
    assert day.minutes == 120
    assert sum(day.cpu_bins.values()) == 120


def test_two_workers_at_once_take_each_hour_once(service, rows, monkeypatch):
    minutes(rows[0], start=NOON - timedelta(hours=2), count=60)
    read = folding._read

    def meanwhile(hour_s):
        found = read(hour_s)
        monkeypatch.setattr(folding, "_read", read)
        folding.fold(now=NOON)
        return found

    monkeypatch.setattr(folding, "_read", meanwhile)

    assert folding.fold(now=NOON) == 0
    assert sum(ServiceUsageDay.objects.get(service=service).cpu_bins.values()) == 60


def test_the_hours_of_a_day_add_up(service, rows):
    minutes(rows[0], start=NOON - timedelta(hours=3), count=60, cpu=0.1, cpu_max=0.3)
    folding.fold(now=NOON - timedelta(hours=1))
    minutes(rows[0], start=NOON - timedelta(hours=2), count=30, cpu=0.8, cpu_max=1.5)
    folding.fold(now=NOON)

    day = ServiceUsageDay.objects.get(service=service)
    assert day.minutes == 90
    assert sum(day.cpu_bins.values()) == 90
    assert day.cpu_highest == 1.5


def test_a_gap_is_no_use_of_nothing(service, rows):
    minutes(rows[0], start=NOON - timedelta(hours=2), count=30)
    MinuteSample.objects.filter(object_id=rows[0].pk).update(
        cpu_cores_count=None, cpu_cores_sum=None, cpu_cores_max=None
    )

    refresh(now=NOON)

    day = ServiceUsageDay.objects.get(service=service)
    assert day.cpu_bins == {}
    assert sum(day.memory_bins.values()) == 30
    assert ServiceSizing.objects.get(service=service).cpu_p95 is None


def test_days_are_dropped_after_a_fortnight(service, rows):
    day = NOON.date()
    for age in (0, 14, 15):
        ServiceUsageDay.objects.create(service=service, day=day - timedelta(days=age), minutes=1)

    refresh(now=NOON)

    kept = set(ServiceUsageDay.objects.values_list("day", flat=True))
    assert kept == {day, day - timedelta(days=14)}


def test_every_service_has_a_row(cluster, service):
    other = ServiceFactory(cluster=cluster, name="unmeasured")

    refresh(now=NOON)

    assert ServiceSizing.objects.get(service=other).verdict == "unknown"
    assert ServiceSizing.objects.count() == 2


def test_a_service_that_is_gone_takes_nothing_down(service, rows):
    minutes(rows[0], start=NOON - timedelta(hours=2), count=60)
    MetricObject.objects.filter(pk=rows[0].pk).update(service_ref=987654)

    assert folding.fold(now=NOON) == 1
    assert not ServiceUsageDay.objects.exists()


def test_after_a_long_absence_it_goes_on_where_minutes_are_kept(service, rows):
    SizingProgress.objects.create(pk=1, folded_until_s=0)
    minutes(rows[0], start=NOON - timedelta(hours=2), count=60)

    assert folding.fold(now=NOON) == 1
    assert ServiceUsageDay.objects.get(service=service).minutes == 60


def test_a_quiet_container_is_noted_until_it_does_something(service, rows):
    quiet, busy, talks, silent = rows
    start = NOON - timedelta(hours=3)
    minutes(quiet, start=start, count=60, cpu=0.002, network=0.5)
    minutes(busy, start=start, count=60, cpu=0.02, network=0.0)
    minutes(talks, start=start, count=60, cpu=0.002, network=500.0)
    minutes(silent, start=start, count=60, cpu=0.002)
    MinuteSample.objects.filter(object_id=silent.pk).update(
        network_rx_bps_count=None, network_tx_bps_count=None
    )

    folding.fold(now=NOON - timedelta(hours=1))

    row = QuietContainer.objects.get()
    assert row.container_id == quiet.ref
    assert (row.since_s, row.minutes) == (int(start.timestamp()), 60)

    minutes(quiet, start=NOON - timedelta(hours=2), count=60, cpu=0.5, network=0.5)
    folding.fold(now=NOON)
    assert not QuietContainer.objects.exists()


def test_a_quiet_container_keeps_its_beginning(service, rows):
    for hours in (3, 2):
        minutes(rows[0], start=NOON - timedelta(hours=hours), count=60, cpu=0.0, network=0.0)
        folding.fold(now=NOON - timedelta(hours=hours - 2))

    row = QuietContainer.objects.get()
    assert (row.since_s, row.minutes) == (int((NOON - timedelta(hours=3)).timestamp()), 120)


def test_the_queries_do_not_grow_with_the_tasks(service, rows, django_assert_max_num_queries):
    for row in rows:
        minutes(row, start=NOON - timedelta(hours=2), count=60)

    with django_assert_max_num_queries(26):
        refresh(now=NOON)
