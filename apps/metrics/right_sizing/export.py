"""The list as CSV: a row a service, cores and bytes as plain numbers, whatever the language."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from apps.metrics.right_sizing.models import ServiceSizing

FIGURES = tuple(
    f"{resource}_{column}"
    for resource in ("cpu", "memory")
    for column in (
        *("verdict", "p50", "p95", "highest", "reservation", "limit"),
        *("suggested_reservation", "suggested_limit", "saving"),
    )
)
HEAD = ("cluster", "stack", "service", "tasks", "days", "verdict", *FIGURES, "cpu_throttled_share")
# A spreadsheet takes what begins so for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[ServiceSizing]) -> Iterator[str]:
    """One line after the other, so that a long list is never whole in memory."""
    writer = csv.writer(_Echo())
    yield writer.writerow(HEAD)
    for row in rows:
        yield writer.writerow(_cells(row))


def _cells(row: ServiceSizing) -> list[object]:
    service = row.service
    names = [_plain(name) for name in (service.cluster.name, service.stack, service.name)]
    figures = [getattr(row, name) for name in (*FIGURES, "cpu_throttled_share")]
    return [*names, row.tasks, round(row.days, 2), row.verdict, *map(_rounded, figures)]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else "" if value is None else value
