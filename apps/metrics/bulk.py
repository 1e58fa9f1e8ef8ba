"""Writes the samples of many nodes at once: plain statements, since a thousand nodes bring 6,000 rows a second."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from operator import attrgetter
from typing import Any

from django.db import connection

from apps.metrics.measures import MEASURES
from apps.metrics.models import SUMMARY_PARTS, MetricObject, MinuteSample, Sample
from apps.metrics.rollup import MINUTE_S

OBJECTS_A_STATEMENT = 400

_SAMPLE, _OBJECT, _MINUTE = (model._meta.db_table for model in (Sample, MetricObject, MinuteSample))
_COLUMNS = ", ".join(MEASURES)
_PLACES = ", ".join(["%s"] * (len(MEASURES) + 2))
# What is there already was stored from an answer that came twice.
_INSERT_SAMPLE = (
    f"INSERT INTO {_SAMPLE} (object_id, at_s, {_COLUMNS}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
)
_DESCRIPTION = (
    *("label", "source", "cluster_ref", "node_ref", "service_ref"),
    *("cpu_limit_cores", "memory_limit_bytes"),
)
_DESCRIBED = ("kind", "ref", *_DESCRIPTION)
_DESCRIBE = f"""
    INSERT INTO {_OBJECT} ({", ".join(_DESCRIBED)}, created_at, last_sample_at)
    VALUES ({", ".join(["%s"] * (len(_DESCRIBED) + 2))})
    ON CONFLICT (kind, ref) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _DESCRIPTION)}
"""  # noqa: S608 - our own names; the values are parameters
_SETS = ", ".join(f"{name} = %s" for name in MEASURES)
_UPDATE_LATEST = (
    f"UPDATE {_OBJECT} SET {_SETS}, last_sample_at = %s WHERE id = %s AND last_sample_at <= %s"  # noqa: S608 - our own names
)
_SUMMARY = [f"{measure}_{part}" for measure in MEASURES for part in SUMMARY_PARTS]
_AGGREGATES = ", ".join(
    f"NULLIF(COUNT({name}), 0), SUM({name}), MIN({name}), MAX({name})" for name in MEASURES
)
_FROM_MINUTE = f"at_s - at_s %% {MINUTE_S}"
_OVERWRITE = ", ".join(f"{name} = excluded.{name}" for name in _SUMMARY)
_ROLL_UP = f"""
    INSERT INTO {_MINUTE} (object_id, minute_s, {", ".join(_SUMMARY)})
    SELECT object_id, {_FROM_MINUTE}, {_AGGREGATES} FROM {_SAMPLE}
    WHERE object_id IN ({{places}}) AND at_s >= %s AND at_s < %s
    GROUP BY object_id, {_FROM_MINUTE}
    ON CONFLICT (object_id, minute_s) DO UPDATE SET {_OVERWRITE}
"""  # noqa: S608 - our own names; the values are parameters


@dataclass(frozen=True, slots=True)
class Stored:
    """One row to store: an object's figures at a moment, in the order of MEASURES."""

    object_id: int
    at_s: int
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a measured object is; its figures come by `update_latest`."""

    kind: str
    ref: int
    label: str
    source: str
    cluster_ref: int
    node_ref: int | None = None
    service_ref: int | None = None
    cpu_limit_cores: float | None = None
    memory_limit_bytes: float | None = None


def describe_objects(objects: Sequence[Described], *, now: datetime) -> dict[tuple[str, int], int]:
    """Make the rows that are missing, say of the others what they are now; returns all keys by kind and ref."""
    # Any sample is newer than what a row is made with.
    moments = (_moment_of(now), _moment(0))
    read = attrgetter(*_DESCRIBED)
    with connection.cursor() as cursor:
        cursor.executemany(_DESCRIBE, [(*read(one), *moments) for one in objects])
    return {
        (kind, ref): pk
        for kind in {one.kind for one in objects}
        for part in batched((one.ref for one in objects if one.kind == kind), OBJECTS_A_STATEMENT)
        for ref, pk in _keys_of(kind, part)
    }


def _keys_of(kind: str, refs: Sequence[int]) -> Iterable[tuple[int, int]]:
    return MetricObject.objects.filter(kind=kind, ref__in=refs).values_list("ref", "pk")


def insert_samples(rows: Iterable[Stored]) -> None:
    """Add raw rows; one that is there already stays as it is."""
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_SAMPLE, [(row.object_id, row.at_s, *row.values) for row in rows])


def update_latest(rows: Sequence[Stored]) -> None:
    """Keep each object's newest figures; an older answer changes nothing."""
    moments = {at_s: _moment(at_s) for at_s in {row.at_s for row in rows}}
    values = [(*row.values, moments[row.at_s], row.object_id, moments[row.at_s]) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE_LATEST, values)


def _moment(at_s: int) -> Any:  # noqa: ANN401 - what the database's driver takes
    return _moment_of(datetime.fromtimestamp(at_s, tz=UTC))


def _moment_of(at: datetime) -> Any:  # noqa: ANN401 - what the database's driver takes
    return connection.ops.adapt_datetimefield_value(at)


def roll_up(object_ids: Collection[int], *, first_s: int, end_s: int) -> None:
    """Sum up whole minutes from their raw rows; doing it again after late rows came makes them right."""
    with connection.cursor() as cursor:
        for part in batched(object_ids, OBJECTS_A_STATEMENT):
            statement = _ROLL_UP.format(places=", ".join(["%s"] * len(part)))
            cursor.execute(statement, [*part, first_s, end_s])
