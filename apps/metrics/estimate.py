"""What the store takes now, and what it will take once every tier is as old as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.metrics.models import (
    MetricObject,
    MinuteSample,
    QuarterSample,
    Retention,
    Sample,
    SealedHour,
    TwoHourSample,
)
from apps.metrics.retention import DAY_S, HOUR_S, keep_of, stored

TABLES: dict[str, type[Model]] = {
    "raw": Sample,
    "sealed": SealedHour,
    "minute": MinuteSample,
    "quarter_hour": QuarterSample,
    "two_hours": TwoHourSample,
}
WORDS: dict[str, Promise | str] = {
    "raw": _("raw samples, as they came"),
    "sealed": _("raw samples, packed"),
    "minute": _("minutes"),
    "quarter_hour": _("quarters of an hour"),
    "two_hours": _("two hours"),
}
# Bytes a row with its index, of a container that has seven measures; bench/store measures them.
ROW_BYTES = {"sqlite": {"raw": 61, "summed": 201}, "postgresql": {"raw": 102, "summed": 215}}
SEALED_ROW_BYTES = 12
STEPS_S = {"minute": 60, "quarter_hour": 900, "two_hours": 7200}
ACTIVE = timedelta(minutes=10)
ASKED_OBJECTS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One tier: what it takes, and will take."""

    name: str
    words: Promise | str
    now_bytes: int | None
    full_bytes: int


def lines_of(row: Retention) -> list[Line]:
    """Every tier by what was last found out."""
    found: dict[str, Any] = row.found
    now = found.get("bytes", {})
    return [Line(name, WORDS[name], now.get(name), _full(name, row)) for name in TABLES]


def _full(name: str, row: Retention) -> int:
    """Rows that come in while the tier fills, times what one takes."""
    keep, row_bytes = keep_of(row), ROW_BYTES.get(connection.vendor, ROW_BYTES["postgresql"])
    objects, rows_a_s = row.found.get("objects", 0), row.found.get("rows_a_s", 0.0)
    if name in STEPS_S:
        return int(objects * getattr(keep, name) / STEPS_S[name] * row_bytes["summed"])
    if name == "sealed":
        return int(rows_a_s * keep.sealed * SEALED_ROW_BYTES)
    # A day's table goes when all of the day is sealed; where there are none, hour by hour.
    waits_s = DAY_S if connection.vendor == "postgresql" else HOUR_S
    return int(rows_a_s * (keep.raw + waits_s) * row_bytes["raw"])


def look_at_tables(*, now: datetime | None = None) -> dict[str, Any]:
    """Find out what the tables take and at which pace they grow; kept for the page, which asks no table itself."""
    now = now or timezone.now()
    active = MetricObject.objects.filter(last_sample_at__gte=now - ACTIVE)
    count = active.count()
    asked = list(active.order_by("-last_sample_at").values_list("pk", flat=True)[:ASKED_OBJECTS])
    since_s = int((now - ACTIVE).timestamp())
    rows = Sample.objects.filter(object_id__in=asked, at_s__gte=since_s).count()
    pace = rows / len(asked) / ACTIVE.total_seconds() if asked else 0.0
    found = {"bytes": _table_bytes(), "objects": count, "rows_a_s": round(pace * count, 3)}
    row = stored()
    row.found, row.found_at = found, now
    row.save(update_fields=None if row._state.adding else ["found", "found_at"])
    return found


def _table_bytes() -> dict[str, int]:
    """By tier; empty where the database does not tell."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            return {name: _bytes_of(cursor, model._meta.db_table) for name, model in TABLES.items()}
    except DatabaseError:
        return {}


def _bytes_of(cursor: Any, table: str) -> int:  # noqa: ANN401 - a database cursor
    if connection.vendor == "postgresql":
        days = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = {0}"
        sizes = f"SELECT pg_total_relation_size({{0}}) + coalesce(({days}), 0)"
        cursor.execute(sizes.format("%s::regclass"), [table, table])
    else:
        cursor.execute(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name IN"
            " (SELECT name FROM sqlite_master WHERE tbl_name = %s)",
            [table],
        )
    return int(cursor.fetchone()[0])
