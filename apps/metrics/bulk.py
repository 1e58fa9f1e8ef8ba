"""The one way in which samples are written: plain statements, since a thousand nodes bring 6,000 rows a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, Sample
from apps.metrics.object_keys import Ref
from apps.metrics.partitions import ensure_days

OBJECTS_A_STATEMENT = 400

_SAMPLE, _OBJECT = (model._meta.db_table for model in (Sample, MetricObject))
_COLUMNS = ", ".join(("object_id", "at_s", *MEASURES))
_PLACES = ", ".join(["%s"] * (len(MEASURES) + 2))
# What is there already was stored from an answer that came twice.
_INSERT_SAMPLE = f"INSERT INTO {_SAMPLE} ({_COLUMNS}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
_COPY = f"COPY {{table}} ({_COLUMNS}) FROM STDIN"
_STAGE = (
    f"CREATE TEMPORARY TABLE IF NOT EXISTS samples_that_came (LIKE {_SAMPLE}) ON COMMIT DELETE ROWS"
)
_FROM_STAGE = f"INSERT INTO {_SAMPLE} SELECT * FROM samples_that_came ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
_DESCRIPTION = (
    *("label", "source", "cluster_ref", "node_ref", "service_ref", "stack_ref"),
    *("cpu_limit_cores", "memory_limit_bytes"),
)
_DESCRIBED = ("kind", "ref", *_DESCRIPTION)
_DESCRIBE_NEW = f"""
    INSERT INTO {_OBJECT} ({", ".join(_DESCRIBED)}, created_at, last_sample_at)
    VALUES ({", ".join(["%s"] * (len(_DESCRIBED) + 2))})
    ON CONFLICT (kind, ref) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _DESCRIPTION)}
"""  # noqa: S608 - our own names; the values are parameters
_DESCRIBE_ANEW = (
    f"UPDATE {_OBJECT} SET {', '.join(f'{name} = %s' for name in _DESCRIPTION)} WHERE id = %s"  # noqa: S608 - our own names
)
_SETS = ", ".join(f"{name} = %s" for name in MEASURES)
_UPDATE_LATEST = (
    f"UPDATE {_OBJECT} SET {_SETS}, last_sample_at = %s WHERE id = %s AND last_sample_at <= %s"  # noqa: S608 - our own names
)
# PostgreSQL takes whole columns, which costs one statement where others need one a row.
_TYPES_OF_DESCRIBED = (
    *("text", "bigint", "text", "text", "bigint", "bigint", "bigint", "bigint"),
    *("float8", "float8", "timestamptz", "timestamptz"),
)
_DESCRIBE_NEW_COLUMNS = _DESCRIBE_NEW.replace(
    f"VALUES ({', '.join(['%s'] * (len(_DESCRIBED) + 2))})",
    f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in _TYPES_OF_DESCRIBED)})",  # noqa: S608 - our own names
)
_UPDATE_LATEST_COLUMNS = f"""
    UPDATE {_OBJECT} SET {", ".join(f"{name} = new.{name}" for name in MEASURES)}, last_sample_at = new.at
    FROM unnest({"%s::float8[], " * len(MEASURES)}%s::timestamptz[], %s::bigint[])
        AS new({", ".join(MEASURES)}, at, object_id)
    WHERE id = new.object_id AND last_sample_at <= new.at
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
    stack_ref: int | None = None
    cpu_limit_cores: float | None = None
    memory_limit_bytes: float | None = None

    @property
    def key(self) -> Ref:
        """What it is a row of."""
        return (str(self.kind), self.ref)


_read = attrgetter(*_DESCRIBED)


def describe_objects(objects: Sequence[Described], *, now: datetime) -> dict[Ref, int]:
    """Make the rows that are missing, say of the others what they are now; returns all keys by kind and ref.

    Rows that are right are left alone: an insert that finds its row would use up a key each time.
    """
    wanted = {one.key: tuple(map(_plain, _read(one))) for one in objects}
    known = dict(_known(wanted))
    changed = [
        (*row[2:], known[ref][0])
        for ref, row in wanted.items()
        if ref in known and known[ref][1] != row
    ]
    # Any sample is newer than what a row is made with.
    moments = (_moment_of(now), _moment(0))
    missing = {ref: (*row, *moments) for ref, row in wanted.items() if ref not in known}
    with connection.cursor() as cursor:
        cursor.executemany(_DESCRIBE_ANEW, changed)
        if connection.vendor != "postgresql":
            cursor.executemany(_DESCRIBE_NEW, list(missing.values()))
        elif missing:
            cursor.execute(_DESCRIBE_NEW_COLUMNS, _in_columns(missing.values()))
    known |= dict(_known(missing))
    return {ref: pk for ref, (pk, _row) in known.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column's value
    """Choices as the text that they are."""
    return str(value) if isinstance(value, str) else value


def _known(wanted: Iterable[Ref]) -> Iterable[tuple[Ref, tuple[int, tuple[Any, ...]]]]:
    refs = list(wanted)
    for kind in {kind for kind, _ref in refs}:
        own = [ref for a_kind, ref in refs if a_kind == kind]
        for part in batched(own, OBJECTS_A_STATEMENT):
            rows = MetricObject.objects.filter(kind=kind, ref__in=part)
            for pk, *row in rows.values_list("pk", *_DESCRIBED):
                yield (row[0], row[1]), (pk, tuple(row))


def insert_samples(rows: Sequence[Stored]) -> None:
    """Add raw rows; one that is there already stays as it is."""
    values = [(row.object_id, row.at_s, *row.values) for row in rows]
    if not values:
        return
    ensure_days({row.at_s for row in rows})
    if connection.vendor == "postgresql":
        _copy(values)
        return
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_SAMPLE, values)


def _copy(values: Sequence[tuple[Any, ...]]) -> None:
    """Straight into the table; only where a row is there already, by way of another."""
    try:
        with transaction.atomic():
            _copy_into(_SAMPLE, values)
    except IntegrityError:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_STAGE)
            _copy_into("samples_that_came", values)
            with connection.cursor() as cursor:
                cursor.execute(_FROM_STAGE)
                cursor.execute("TRUNCATE samples_that_came")


def _copy_into(table: str, values: Sequence[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_COPY.format(table=table)) as copy,
    ):
        for row in values:
            copy.write_row(row)


def update_latest(rows: Sequence[Stored]) -> None:
    """Keep each object's newest figures; an older answer changes nothing."""
    moments = {at_s: _moment(at_s) for at_s in {row.at_s for row in rows}}
    values = [(*row.values, moments[row.at_s], row.object_id) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(_UPDATE_LATEST, [(*one, one[-2]) for one in values])
        elif values:
            cursor.execute(_UPDATE_LATEST_COLUMNS, _in_columns(values))


def _in_columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [_of_one_type(column) for column in zip(*rows, strict=True)]


def _of_one_type(column: Sequence[Any]) -> list[Any]:
    """Agents tell whole numbers without a point; a list for PostgreSQL is of one type."""
    if not any(isinstance(value, float) for value in column):
        return list(column)
    return [None if value is None else float(value) for value in column]


def _moment(at_s: int) -> Any:  # noqa: ANN401 - what the database's driver takes
    return _moment_of(datetime.fromtimestamp(at_s, tz=UTC))


def _moment_of(at: datetime) -> Any:  # noqa: ANN401 - what the database's driver takes
    return connection.ops.adapt_datetimefield_value(at)
