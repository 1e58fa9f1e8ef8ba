"""Rows as they are written: once, in days that are made for them, and by few statements."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.metrics import bulk, partitions
from apps.metrics.bulk import Described, Stored
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, Sample
from apps.metrics.object_keys import ObjectKeys
from apps.metrics.store import describe

NOW = datetime.now(tz=UTC)
NOW_S = int(NOW.timestamp())
GAPS = (None,) * (len(MEASURES) - 2)


def row(object_id: int, at_s: int, cores: float | None = 0.5) -> Stored:
    return Stored(object_id, at_s, (cores, 2.0**30, *GAPS))


def moments() -> list[tuple[int, int]]:
    return list(Sample.objects.order_by("object_id", "at_s").values_list("object_id", "at_s"))


def test_the_database_is_the_one_that_is_meant(database):
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[database]


def test_rows_that_come_twice_are_stored_once_and_stay_as_they_were(database):
    bulk.insert_samples([row(1, NOW_S), row(2, NOW_S)])
    bulk.insert_samples([row(1, NOW_S, cores=9.0), row(1, NOW_S + 5)])
    bulk.insert_samples([row(1, NOW_S, cores=9.0), row(1, NOW_S + 10), row(1, NOW_S + 10)])

    assert moments() == [(1, NOW_S), (1, NOW_S + 5), (1, NOW_S + 10), (2, NOW_S)]
    assert Sample.objects.get(object_id=1, at_s=NOW_S).cpu_cores == 0.5


def test_rows_of_any_day_find_their_place(database):
    bulk.insert_samples([row(1, NOW_S), row(1, NOW_S - 5 * 86_400), row(1, NOW_S + 86_400)])

    assert len(moments()) == 3
    assert len(partitions.days()) == (3 if database == "postgres" else 0)


def test_days_are_made_ahead_and_dropped_whole(database):
    partitions.make_days_ahead(NOW_S)
    partitions.make_days_ahead(NOW_S)
    if database == "sqlite":
        assert partitions.days() == []
        return
    today_s = partitions.day_of(NOW_S)
    assert partitions.days() == [today_s + 86_400 * number for number in range(4)]

    bulk.insert_samples([row(1, NOW_S)])
    assert not partitions.drop_day(today_s, expected_rows=0), "a row came since it was counted"
    assert partitions.drop_day(today_s, expected_rows=1)
    assert today_s not in partitions.days()
    assert moments() == []


def things(count: int, **values: object) -> list[Described]:
    common = {"kind": "container", "source": "agent", "cluster_ref": 1}
    return [
        Described(ref=number, **common | {"label": f"c{number}"} | values)
        for number in range(1, count + 1)
    ]


def test_what_is_described_again_uses_up_no_keys(database):
    keys = bulk.describe_objects(things(3), now=NOW)
    again = bulk.describe_objects(things(3, label="renamed"), now=NOW)
    assert keys == again
    assert set(MetricObject.objects.values_list("label", flat=True)) == {"renamed"}

    newest = bulk.describe_objects(things(4, label="renamed"), now=NOW)
    assert max(newest.values()) == max(keys.values()) + 1


def test_ten_thousand_new_containers_are_known_within_seconds(database):
    keys = ObjectKeys()
    began_s = time.monotonic()

    describe(things(10_000), now=NOW, keys=keys)
    pks = [keys.get(("container", number)) for number in range(1, 10_001)]
    rows = [row(pk, NOW_S) for pk in pks if pk is not None]
    bulk.insert_samples(rows)
    bulk.update_latest(rows)

    assert time.monotonic() - began_s < 30
    assert Sample.objects.count() == len(set(pks)) == 10_000
    assert MetricObject.objects.filter(cpu_cores=0.5).count() == 10_000


@pytest.mark.parametrize("seconds", [-5, 0, 5])
def test_only_a_newer_row_is_the_latest(seconds, database):
    (pk,) = bulk.describe_objects(things(1), now=NOW).values()
    bulk.update_latest([row(pk, NOW_S, cores=1.0)])
    bulk.update_latest([row(pk, NOW_S + seconds, cores=2.0)])

    assert MetricObject.objects.get().cpu_cores == (2.0 if seconds >= 0 else 1.0)


def test_whole_numbers_and_others_are_written_side_by_side(database):
    limits = [
        Described(
            kind="node", ref=n, label="n", source="agent", cluster_ref=1, cpu_limit_cores=limit
        )
        for n, limit in ((1, 4), (2, 0.5), (3, None))
    ]
    first, second, third = bulk.describe_objects(limits, now=NOW).values()
    bulk.update_latest([row(first, NOW_S, cores=1), row(second, NOW_S, cores=0.5)])
    bulk.update_latest([row(third, NOW_S, cores=None)])

    found = MetricObject.objects.order_by("ref").values_list("cpu_limit_cores", "cpu_cores")
    assert list(found) == [(4, 1), (0.5, 0.5), (None, None)]
