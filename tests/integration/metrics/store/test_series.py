"""Charts: the tier that suits, a bounded number of rows, and what every point says against the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.metrics import tiers, upkeep
from apps.metrics.minutes import OpenMinutes
from apps.metrics.models import MetricObject
from apps.metrics.retention import keep
from apps.metrics.series import MOST_ROWS, Range, level_of, series_of
from tests.integration.metrics.store.recomputed import come_in, new_object, values

pytestmark = pytest.mark.django_db
NOW_S = 1_790_006_400 + 4 * 3600 + 45
NOW = datetime.fromtimestamp(NOW_S, tz=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture(autouse=True)
def _that_day() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def with_rows(*, since_s: int, every_s: int = 10) -> tuple[MetricObject, dict[int, float]]:
    """A saw of which each bucket has another mean, least and greatest."""
    row, minutes = new_object(), OpenMinutes()
    rows = {
        at_s: values((at_s // every_s) % 97 / 4, 2.0**30) for at_s in range(since_s, NOW_S, every_s)
    }
    come_in(row, rows, minutes)
    return row, {at_s: one[0] or 0.0 for at_s, one in rows.items()}


def fits(found, rows: dict[int, float], *, start_s: int) -> None:
    """Every point is the mean, least and greatest of the rows of its step."""
    for at_s, mean, least, most in zip(
        found.at, *(found.columns[f"cpu_cores{end}"] for end in ("", "_min", "_max")), strict=True
    ):
        own = [rows[one] for one in rows if max(at_s, start_s) <= one < at_s + found.step_s]
        assert mean == pytest.approx(sum(own) / len(own), abs=1e-4)
        assert (least, most) == (min(own), max(own))
    shown = {at_s - at_s % found.step_s for at_s in rows if at_s >= start_s}
    assert set(found.at) == shown


@pytest.mark.parametrize(
    ("length_s", "points", "tier"),
    [
        (HOUR, 600, "raw"),
        (3 * HOUR, 180, "minute"),
        (4 * HOUR, 16, "quarter_hour"),
        (4 * HOUR, 10, "quarter_hour"),
    ],
)
def test_every_point_is_made_of_the_rows_of_its_step(length_s, points, tier, database):
    row, rows = with_rows(since_s=NOW_S - 4 * HOUR - 45)
    start_s = NOW_S - length_s
    start_s -= start_s % {"raw": 1, "minute": 60, "quarter_hour": 900}[tier]

    found = series_of(row, Range(start_s, NOW_S, points), ["cpu_cores"])

    assert found.tier == tier
    fits(found, rows, start_s=start_s)


def test_two_hours_tier_shows_the_newest_moments_as_well(database):
    row, rows = with_rows(since_s=NOW_S - 4 * HOUR - 45, every_s=5)

    found = series_of(row, Range(NOW_S - 90 * DAY, NOW_S, 600), ["cpu_cores"])

    assert (found.tier, found.step_s) == ("two_hours", 14_400)
    assert sum(found.at) > 0
    fits(found, rows, start_s=0)


def test_a_sealed_hour_is_drawn_from_its_packed_rows(database):
    row, rows = with_rows(since_s=NOW_S - 2 * HOUR)
    with time_machine.travel(NOW + timedelta(hours=50), tick=False):
        upkeep.seal_closed_hours()
        found = series_of(row, Range(NOW_S - HOUR, NOW_S, 600), ["cpu_cores"])

    assert (found.tier, found.rows_read) == ("raw", 360)
    fits(found, rows, start_s=NOW_S - HOUR)


@pytest.mark.parametrize("points", [10, 600, 2000])
@pytest.mark.parametrize(
    "length_s", [900, 2 * HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 731 * DAY]
)
@pytest.mark.parametrize("ago_s", [0, 3 * DAY, 60 * DAY])
def test_no_range_needs_more_rows_than_the_bound(length_s, points, ago_s, database):
    span = Range(NOW_S - ago_s - length_s, NOW_S - ago_s, points)
    level = level_of(span, keep(), NOW_S)

    if level is None:
        assert span.length_s <= 2 * HOUR  # at most one sample a second
    else:
        assert span.length_s / level.step_s <= MOST_ROWS
        assert span.step_s(level.step_s) % level.step_s == 0
    assert span.length_s / span.step_s(level.step_s if level else 1) <= points


def test_what_a_full_tier_holds_is_read_in_bounds_and_counted(database):
    row = new_object()
    model, moment, step_s = tiers.TWO_HOURS.model, tiers.TWO_HOURS.moment, 7200
    first_s = NOW_S - NOW_S % step_s - 8770 * step_s
    common = {"cpu_cores_count": 720, "cpu_cores_sum": 360.0, "cpu_cores_min": 0.0}
    model._default_manager.bulk_create(
        model(object_id=row.pk, **{moment: first_s + step_s * number}, cpu_cores_max=1.0, **common)
        for number in range(8770)
    )

    found = series_of(row, Range(NOW_S - 730 * DAY, NOW_S, 600), ["cpu_cores"])

    assert 8_700 < found.rows_read <= MOST_ROWS
    assert len(found.at) <= 600
    assert set(found.columns["cpu_cores"]) == {0.5}


def test_a_range_that_a_tier_holds_no_longer_is_told_by_a_coarser_one(database):
    month_ago = Range(NOW_S - 30 * DAY, NOW_S - 30 * DAY + HOUR, 600)
    year_ago = Range(NOW_S - 365 * DAY, NOW_S - 364 * DAY, 600)
    levels = [level_of(span, keep(), NOW_S) for span in (month_ago, year_ago)]
    assert levels == [tiers.QUARTER, tiers.TWO_HOURS]
