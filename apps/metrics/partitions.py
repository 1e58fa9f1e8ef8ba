"""The table of raw samples as each database keeps it best: days of their own on PostgreSQL, one tree on SQLite.

On PostgreSQL a day that is over goes by dropping its table, which gives the disk back at
once; deleting its rows would not. SQLite gives freed pages to the next rows by itself.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

DAY_S = 86_400
TABLE = "metrics_sample"
PREFIX = f"{TABLE}_d"
DAYS_AHEAD = 3
# Any number will do, as long as all that make days use the same.
LOCK = 0x6463655F73616D70

_known: set[int] = set()


def is_partitioned(database: BaseDatabaseWrapper | None = None) -> bool:
    """Whether this database keeps each day in a table of its own."""
    return (database or connection).vendor == "postgresql"


def day_of(at_s: int) -> int:
    """The first second of the day (UTC)."""
    return at_s - at_s % DAY_S


def table_sql(measures: Iterable[str], *, vendor: str) -> str:
    """The statement that makes the empty table."""
    columns = ", ".join(f"{name} real" for name in measures)
    # Four bytes each, since every sample carries them twice: keys are made sparingly, and 2038 is far.
    key = "object_id integer NOT NULL, at_s integer NOT NULL"
    ending = "PARTITION BY RANGE (at_s)" if vendor == "postgresql" else "WITHOUT ROWID"
    return f"CREATE TABLE {TABLE} ({key}, {columns}, PRIMARY KEY (object_id, at_s)) {ending}"


def make_days(days: Iterable[int], database: BaseDatabaseWrapper | None = None) -> None:
    """Make the tables of these days that are missing; two workers may do so at once."""
    database = database or connection
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for day_s in sorted(set(days)):
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {PREFIX}{day_s} PARTITION OF {TABLE}"
                f" FOR VALUES FROM ({day_s}) TO ({day_s + DAY_S})"
            )


def ensure_days(moments: Iterable[int]) -> None:
    """Before rows are added: make the days that nobody made ahead, which late rows may need."""
    if not is_partitioned():
        return
    today_s = day_of(int(time.time()))
    days = {day_of(at_s) for at_s in moments}
    # A day that is over may have been sealed and dropped by another process.
    missing = {day_s for day_s in days if day_s < today_s or day_s not in _known}
    if missing:
        make_days(missing)
        # Known once committed: an undone day would be missed for ever.
        transaction.on_commit(lambda: _known.update(missing))


def make_days_ahead(now_s: int) -> None:
    """Make today's table and those of the next days."""
    if is_partitioned():
        with transaction.atomic():
            make_days(day_of(now_s) + DAY_S * number for number in range(DAYS_AHEAD + 1))


def days() -> list[int]:
    """The days that have a table, oldest first; none where there are no such tables."""
    if not is_partitioned():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits"
            " JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = %s::regclass",
            [TABLE],
        )
        return sorted(int(name.removeprefix(PREFIX)) for (name,) in cursor.fetchall())


def drop_day(day_s: int, *, expected_rows: int | None = None) -> bool:
    """Drop a day's table, unless rows came into it since they were counted."""
    table = f"{PREFIX}{int(day_s)}"
    with transaction.atomic(), connection.cursor() as cursor:
        if expected_rows is not None:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of our own
            if cursor.fetchone()[0] != expected_rows:
                return False
        cursor.execute(f"DROP TABLE {table}")
        transaction.on_commit(lambda: forget_days([day_s]))
    return True


def forget_days(gone: Collection[int] | None = None) -> None:
    """Believe in these days no more; in none without an argument."""
    _known.difference_update(_known.copy() if gone is None else gone)
