"""Audit entries as other programs read them: CSV, JSON lines, and what is sent on.

They are read in steps, so that a million need no memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import QuerySet

from apps.accounts.models import AuditEvent

COLUMNS = (
    "id",
    "at",
    "actor_label",
    "credential",
    "address",
    "action",
    "target_kind",
    "target_id",
    "target_label",
    "result",
    "detail",
)
NAMES = ("id", "at", "actor", *COLUMNS[3:])
STEP = 1000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def audit_record(event: AuditEvent) -> dict[str, Any]:
    """One entry as JSON has it."""
    record = {name: getattr(event, column) for name, column in zip(NAMES, COLUMNS, strict=True)}
    return {**record, "at": event.at.isoformat()}


def csv_lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    """The heading, then one line an entry, newest first."""
    writer: Any = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for event in _in_steps(events):
        record = audit_record(event)
        record["detail"] = orjson.dumps(record["detail"]).decode()
        yield writer.writerow([plain_cell(value) for value in record.values()])


def json_lines(events: QuerySet[AuditEvent]) -> Iterator[bytes]:
    """One object a line, newest first."""
    for event in _in_steps(events):
        yield orjson.dumps(audit_record(event)) + b"\n"


def plain_cell(value: Any) -> str:  # noqa: ANN401 - whatever the column holds
    """A text that no spreadsheet takes for a formula: user names come from outside."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _in_steps(events: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """Each step is a query of its own, so that a slow reader holds no cursor open."""
    ordered = events.order_by("-pk")
    rows = list(ordered[:STEP])
    while rows:
        yield from rows
        rows = list(ordered.filter(pk__lt=rows[-1].pk)[:STEP]) if len(rows) == STEP else []


class _Line:
    """A file that hands back what was written last."""

    def write(self, text: str) -> str:
        """Give the line to the caller of writerow."""
        return text
