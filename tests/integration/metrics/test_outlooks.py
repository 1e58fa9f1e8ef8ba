"""Outlooks over histories whose answer is known: made each hour, kept, and held against what came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine

from apps.metrics.models import MetricObject, Outlook, TimeToFull
from apps.metrics.outlooks import refresh
from apps.metrics.outlooks.packing import unpack
from apps.metrics.outlooks.selectors import outlook_of
from tests.factories.usage_history import hours_before, measured

NOW = datetime(2026, 3, 15, 12, 5, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
DAY_H = 24


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


def wave(hours: int, *, level: float = 4.0, height: float = 2.0) -> list[float]:
    """A pattern of a day with noise, so that neither simple guess is right."""
    noise = np.random.default_rng(7).normal(0, 0.3, hours)
    return list(level + height * np.sin(2 * np.pi * np.arange(hours) / DAY_H) + noise)


@pytest.fixture
def busy(cluster) -> MetricObject:
    """The cluster with two weeks of a daily pattern of its processors."""
    row = measured("cluster", cluster.pk, at=NOW, cpu_limit_cores=8.0)
    hours_before(row, HOUR, {"cpu_cores": wave(336)})
    return row


def test_an_hour_makes_a_day_and_a_week_ahead_once(busy):
    first, again = refresh.refresh(), refresh.refresh()

    assert first == {"objects": 1, "outlooks": 2}
    assert again == {"objects": 0, "outlooks": 0}
    day, week = Outlook.objects.order_by("horizon_h")
    assert (day.horizon_h, week.horizon_h) == (24, 168)
    assert day.start_s == int(HOUR.timestamp())
    assert day.issued_at == NOW


def test_the_pattern_goes_on_within_what_is_possible(busy):
    refresh.refresh()

    day = Outlook.objects.get(horizon_h=24)
    curve = unpack(bytes(day.packed))
    truth = 4.0 + 2.0 * np.sin(2 * np.pi * np.arange(336, 360) / DAY_H)
    assert np.abs(curve.point - truth).mean() < 0.3
    assert curve.lower.min() >= 0
    assert curve.upper.max() <= 8.0 * 1.0001
    assert day.is_proven
    assert 0 < day.against_yesterday < 1


def test_what_repeats_itself_exactly_leaves_nothing_to_prove(cluster):
    row = measured("cluster", cluster.pk, at=NOW)
    hours_before(row, HOUR, {"cpu_cores": wave(24) * 14})

    refresh.refresh()

    day = Outlook.objects.get(horizon_h=24)
    assert (day.is_proven, day.against_yesterday, day.checks) == (False, None, 5)


def test_a_walk_whose_last_value_nothing_beats_is_not_proven(cluster):
    row = measured("cluster", cluster.pk, at=NOW)
    steps = np.random.default_rng(1).normal(0, 1, 336)
    hours_before(row, HOUR, {"cpu_cores": list(100 + np.cumsum(steps))})

    refresh.refresh()

    day = Outlook.objects.get(horizon_h=24)
    assert day.against_last_value < 0
    assert not day.is_proven


@pytest.mark.parametrize(
    ("hours", "horizons"), [(47, []), (48, [24]), (215, [24]), (216, [24, 168])]
)
def test_each_horizon_waits_for_its_history(hours, horizons, cluster):
    row = measured("cluster", cluster.pk, at=NOW)
    hours_before(row, HOUR, {"cpu_cores": wave(hours)})

    refresh.refresh()

    found = Outlook.objects.order_by("horizon_h").values_list("horizon_h", flat=True)
    assert list(found) == horizons


def test_what_is_silent_gets_none(cluster):
    row = measured("cluster", cluster.pk, at=NOW)
    hours_before(row, HOUR - timedelta(hours=7), {"cpu_cores": wave(100)})

    assert refresh.refresh() == {"objects": 1, "outlooks": 0}


def test_a_slice_goes_on_where_the_last_one_stopped(cluster):
    for ref in range(20):
        measured("service", ref, at=NOW)

    sizes = [refresh.refresh(budget_s=0.0)["objects"] for _ in range(2)]
    one_batch = refresh.due(int(HOUR.timestamp()), now=NOW)

    assert sizes == [0, 0]
    assert len(one_batch) == refresh.OBJECTS_A_BATCH
    assert refresh.refresh()["objects"] == 20


def test_a_day_later_the_forecast_is_held_against_what_came(busy):
    refresh.refresh()
    made = Outlook.objects.get(horizon_h=24)
    expected = unpack(bytes(made.packed)).point
    beyond = np.where(np.arange(24) < 6, 7.9, expected)
    hours_before(busy, HOUR + timedelta(days=1), {"cpu_cores": list(beyond)})

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        MetricObject.objects.update(last_sample_at=NOW + timedelta(days=1))
        refresh.refresh()

    made.refresh_from_db()
    assert (made.known_hours, made.hits) == (24, 18)
    assert made.error == pytest.approx(np.abs(beyond - expected).mean(), abs=1e-3)
    assert made.error_last_value == pytest.approx(np.abs(beyond - wave(336)[-1]).mean())
    assert made.error_yesterday == pytest.approx(np.abs(beyond - wave(336)[-24:]).mean())


def test_a_forecast_of_a_day_mostly_unknown_gets_no_marks(busy):
    refresh.refresh()
    hours_before(busy, HOUR + timedelta(hours=10), {"cpu_cores": [4.0] * 10})

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        MetricObject.objects.update(last_sample_at=NOW + timedelta(days=1))
        refresh.refresh()

    assert Outlook.objects.order_by("pk")[0].known_hours is None


def test_a_disk_that_fills_steadily_is_full_on_the_day_that_it_is(cluster, nodes):
    row = measured("node", nodes[0].pk, at=NOW, disk_total_bytes=1000.0)
    days = np.arange(336) / DAY_H
    hours_before(row, HOUR, {"disk_used_bytes": list(500.0 + 10.0 * days)})

    refresh.refresh()

    full = TimeToFull.objects.get(threshold=100)
    assert TimeToFull.objects.count() == 3
    assert (full.expected_at - NOW).days in (35, 36)
    assert full.early_at <= full.expected_at <= full.late_at


def test_a_disk_that_is_flat_or_emptied_has_no_such_day(cluster, nodes):
    row = measured("node", nodes[0].pk, at=NOW, disk_total_bytes=1000.0)
    hours_before(row, HOUR, {"disk_used_bytes": [500.0] * 336})
    stale = {"expected_at": NOW, "early_at": NOW, "issued_at": NOW}
    TimeToFull.objects.create(
        object=row, measure="disk_used_bytes", threshold=100, used=1, capacity=2, **stale
    )

    refresh.refresh()

    assert not TimeToFull.objects.exists()


def test_thirty_days_are_kept_and_of_the_weekly_ones_those_of_midnight(busy):
    refresh.refresh()
    day, week = Outlook.objects.order_by("horizon_h")
    midnight_s = int(HOUR.timestamp()) // 86_400 * 86_400
    kept = [_copy(day, age_days=29), _copy(week, age_days=9, start_s=midnight_s - 9 * 86_400)]
    gone = [_copy(day, age_days=31), _copy(week, age_days=9, start_s=midnight_s - 1)]

    assert refresh.drop_old() == len(gone)

    left = set(Outlook.objects.values_list("pk", flat=True))
    assert left == {day.pk, week.pk, *(row.pk for row in kept)}


def _copy(row: Outlook, *, age_days: int, start_s: int | None = None) -> Outlook:
    fields = {name: getattr(row, name) for name in ("object", "measure", "horizon_h", "packed")}
    default = row.start_s - age_days * 86_400
    issued_at = NOW - timedelta(days=age_days)
    return Outlook.objects.create(**fields, start_s=start_s or default, issued_at=issued_at)


def test_the_view_has_what_came_what_comes_and_what_was_said_before(busy, viewer):
    with time_machine.travel(NOW - timedelta(days=1), tick=False):
        MetricObject.objects.update(last_sample_at=NOW - timedelta(days=1))
        refresh.refresh()
    MetricObject.objects.update(last_sample_at=NOW)
    refresh.refresh()

    view = outlook_of(viewer, kind="cluster", ref=str(busy.ref), measure="cpu_cores")

    assert view.missing is None
    assert len(view.history) == 24
    assert view.earlier.row.start_s == view.newest.row.start_s - 86_400
    assert view.accuracy.forecasts == 1
    assert view.earlier.row.hits == round(view.accuracy.hit_share * 24)
