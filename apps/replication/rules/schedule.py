"""When a rule is due; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from celery.schedules import ParseException, crontab

LONGEST_LOOK_BACK: Final = timedelta(hours=24)
FIELDS: Final = 5


def parsed(line: str) -> crontab | None:
    """A cron line of five fields; None when it is none."""
    fields = line.split()
    if len(fields) != FIELDS:
        return None
    minute, hour, day, month, weekday = fields
    try:
        return crontab(
            minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=weekday
        )
    except (ParseException, ValueError):
        return None


def is_due(
    now: datetime, *, since: datetime, has_run: bool, every_minutes: int | None, cron: str
) -> bool:
    """Whether a run is due; `since` is the last start, or when the rule was made."""
    if every_minutes is not None:
        return not has_run or now - since >= timedelta(minutes=every_minutes)
    table = parsed(cron) if cron else None
    return table is not None and _came(table, since, now)


def _came(table: crontab, since: datetime, now: datetime) -> bool:
    """Whether a minute of the table lies after `since`, up to now."""
    at = now.replace(second=0, microsecond=0)
    first = max(since, now - LONGEST_LOOK_BACK)
    while at > first:
        if _matches(table, at):
            return True
        at -= timedelta(minutes=1)
    return False


def _matches(table: Any, at: datetime) -> bool:  # noqa: ANN401 - celery's stubs lack its fields
    return bool(
        at.minute in table.minute
        and at.hour in table.hour
        and at.day in table.day_of_month
        and at.month in table.month_of_year
        and at.isoweekday() % 7 in table.day_of_week
    )
