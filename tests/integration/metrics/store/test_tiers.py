"""Tiers against a plain recomputation: whatever order rows come in, late, twice or across a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.metrics import sealing, tiers, upkeep
from apps.metrics.measures import Values
from apps.metrics.minutes import LONGEST_LAG_S, OpenMinutes
from apps.metrics.models import MetricObject, MinuteSample, QuarterSample, Sample, SealedHour
from tests.factories.cluster import NodeFactory
from tests.integration.metrics.store.recomputed import (
    come_in,
    new_object,
    stored_sums,
    sums,
    values,
)

pytestmark = pytest.mark.django_db
# Two hours begin here, and a day in which nothing else happens.
START_S = 1_790_006_400
DAY = datetime.fromtimestamp(START_S, tz=UTC)
LAST_S = 4 * 3600 - 1
PACE = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each step is a transaction or ten
)
# Quarters of a core and whole megabytes: sums of these are exact in any order.
CORES = st.none() | st.integers(0, 64).map(lambda number: number / 4)
VALUES = st.builds(values, CORES, st.none() | st.integers(0, 1000).map(lambda n: n * 2.0**20))
BATCHES = st.lists(
    st.dictionaries(st.integers(0, 3 * 3600 - 1), VALUES, min_size=1, max_size=12),
    min_size=1,
    max_size=8,
)


@pytest.fixture(autouse=True)
def _that_day() -> Iterator[None]:
    with time_machine.travel(DAY + timedelta(hours=4), tick=False):
        yield


def is_as_recomputed(row: MetricObject, rows: dict[int, Values], *, before_s: int) -> None:
    for tier in tiers.TIERS:
        for measure in ("cpu_cores", "memory_bytes"):
            wanted = sums(rows, tier.step_s, measure=measure, before_s=before_s)
            found = stored_sums(row, tier, measure=measure)
            assert found.keys() == wanted.keys(), (tier.name, measure)
            for bucket, figures in wanted.items():
                # Least and greatest have four bytes on PostgreSQL.
                assert found[bucket] == pytest.approx(figures, rel=1e-7), (tier.name, bucket)


@PACE
@given(batches=BATCHES, restart=st.integers(0, 8), lag_s=st.integers(0, LONGEST_LAG_S))
def test_every_closed_bucket_is_as_if_summed_up_from_the_rows(batches, restart, lag_s, database):
    def begin() -> OpenMinutes:
        return OpenMinutes(lag_s=lambda _owner, _owners: lag_s)

    row, minutes, rows = new_object(), begin(), {}
    # The last row ends every minute before it, however long its sum waits.
    for number, offsets in enumerate([*batches, {LAST_S: values(0.25)}]):
        if number == restart:
            minutes = begin()
        batch = {START_S + offset: found for offset, found in sorted(offsets.items())}
        come_in(row, batch, minutes)
        row.refresh_from_db()
        rows = batch | rows

    is_as_recomputed(row, rows, before_s=START_S + LAST_S - LAST_S % 60)


@PACE
@given(batches=BATCHES, late=VALUES)
def test_late_rows_of_a_sealed_hour_and_a_repair_come_out_the_same(batches, late, database):
    row, minutes, rows = new_object(), OpenMinutes(), {}
    for offsets in batches:
        batch = {START_S + offset: found for offset, found in sorted(offsets.items())}
        come_in(row, batch, minutes)
        rows = batch | rows
    come_in(row, {START_S + LAST_S: values(0.25)}, minutes)
    rows[START_S + LAST_S] = values(0.25)
    with time_machine.travel(DAY + timedelta(hours=25), tick=False):
        upkeep.seal_closed_hours(now=DAY + timedelta(hours=50))
        assert not Sample.objects.filter(object_id=row.pk).exists()
        come_in(row, {START_S + 1805: late}, OpenMinutes())
        rows = {START_S + 1805: late} | rows
        upkeep.repair_tiers(now=DAY + timedelta(hours=25))
        is_as_recomputed(row, rows, before_s=START_S + 4 * 3600)

        upkeep.seal_closed_hours(now=DAY + timedelta(hours=50))
        found = sealing.rows_of(row.pk, first_s=START_S, end_s=START_S + 86_400)
        assert {at_s: list(one) for at_s, one in found.items()} == {
            at_s: list(one) for at_s, one in sorted(rows.items())
        }


def full_hour(minutes: OpenMinutes) -> MetricObject:
    row = new_object()
    rows = {START_S + 10 * number: values(0.5, 2.0**30) for number in range(361)}
    come_in(row, rows, minutes)
    return row


def test_a_gap_is_no_row_at_all(database):
    minutes = OpenMinutes()
    row = new_object()
    come_in(row, {START_S: values(1.0), START_S + 1: values(None, 1.0)}, minutes)
    come_in(row, {START_S + 1200: values(1.0)}, minutes)

    found = list(MinuteSample.objects.filter(object_id=row.pk).values_list("minute_s", flat=True))
    assert found == [START_S]
    (quarter,) = QuarterSample.objects.filter(object_id=row.pk)
    assert (quarter.cpu_cores_count, quarter.memory_bytes_count) == (1, 1)
    assert quarter.pids_count is None


def test_what_went_quiet_is_summed_up_to_its_end(database):
    minutes = OpenMinutes()
    row = new_object()
    come_in(row, {START_S + offset: values(1.0) for offset in range(0, 425, 5)}, minutes)
    assert stored_sums(row, tiers.QUARTER, measure="cpu_cores") == {}

    upkeep.settle_quiet_objects(now=DAY + timedelta(seconds=700))

    for tier, count in ((tiers.QUARTER, 85), (tiers.TWO_HOURS, 85)):
        assert stored_sums(row, tier, measure="cpu_cores") == {START_S: (count, count, 1.0, 1.0)}


def test_a_repair_makes_anew_what_was_lost_and_changes_nothing_the_second_time(database):
    row = full_hour(OpenMinutes())
    before = [stored_sums(row, tier, measure="cpu_cores") for tier in tiers.TIERS]
    MinuteSample.objects.filter(object_id=row.pk, minute_s__lt=START_S + 600).delete()
    QuarterSample.objects.filter(object_id=row.pk).update(cpu_cores_sum=99.0)

    for _again in range(2):
        upkeep.repair_tiers(now=DAY + timedelta(hours=1, seconds=5))
        after = [stored_sums(row, tier, measure="cpu_cores") for tier in tiers.TIERS]
        assert after == before


def test_sealed_hours_take_a_fraction_and_go_after_their_time(database):
    row = full_hour(OpenMinutes())
    MetricObject.objects.filter(pk=row.pk).update(ref=NodeFactory().pk)
    found = upkeep.seal_closed_hours(now=DAY + timedelta(hours=50))

    assert found == {"hours": 2, "days": 1 if database == "postgres" else 0}
    assert SealedHour.objects.filter(object_id=row.pk).count() == 2
    dropped = upkeep.drop_old_samples(now=DAY + timedelta(days=15))
    assert (dropped["sealed"], dropped["minute"]) == (2, 60)
    assert QuarterSample.objects.filter(object_id=row.pk).count() == 4


def test_an_hour_that_is_not_old_enough_is_left_alone(database):
    full_hour(OpenMinutes())
    assert upkeep.seal_closed_hours(now=DAY + timedelta(hours=20)) == {"hours": 0, "days": 0}
    assert Sample.objects.count() == 361


def test_what_is_gone_is_forgotten_and_what_is_only_down_is_not(database):
    minutes = OpenMinutes()
    gone, down = new_object("container"), new_object("node")
    MetricObject.objects.filter(pk=down.pk).update(ref=NodeFactory().pk)
    for row in (gone, down):
        come_in(row, {START_S: values(1.0)}, minutes)

    upkeep.drop_old_samples(now=DAY + timedelta(days=7))
    assert MetricObject.objects.count() == 2
    upkeep.drop_old_samples(now=DAY + timedelta(days=10))
    assert list(MetricObject.objects.values_list("pk", flat=True)) == [down.pk]
    upkeep.drop_old_samples(now=DAY + timedelta(days=740))
    assert not MetricObject.objects.exists()
