"""The answer of `/dce/v1/samples`: columns instead of rows, since each name is then said once."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from .ring import Change, Slice, Tick
from .schema import SCHEMAS, Column, Schema

FORMAT_VERSION = 1


def samples_answer(found: Slice, *, about: Mapping[str, Any], lists: Mapping[str, Any]) -> bytes:
    """Encode what a reader has not seen; `lists` go to one that begins anew."""
    ticks = [entry for entry in found.entries if isinstance(entry, Tick)]
    answer = {
        "version": FORMAT_VERSION,
        "cursor": found.cursor,
        "reset": found.reset,
        "more": found.more,
        **about,
        "ticks": {
            "at_unix_ms": [tick.unix_ms for tick in ticks],
            "interval_ms": [tick.interval_ms for tick in ticks],
        },
        "tables": {schema.name: _table(schema, ticks) for schema in SCHEMAS},
        "changes": list(_changes(found)),
        **({"lists": lists} if found.reset else {}),
    }
    return encode(answer)


def encode(answer: Mapping[str, Any]) -> bytes:
    """JSON without blanks; a figure that is not finite would be a mistake of ours."""
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


def _table(schema: Schema, ticks: Sequence[Tick]) -> dict[str, Any]:
    tables = [tick.tables[schema.name] for tick in ticks]
    numbers: dict[str, int] = {}
    for table in tables:
        for key in table.keys:
            numbers.setdefault(key, len(numbers))
    values: array[float] = array("d")
    for table in tables:
        values.extend(table.values)
    width = len(schema.columns)
    return {
        "keys": list(numbers),
        "tick": [i for i, table in enumerate(tables) for _ in table.keys],
        "key": [numbers[key] for table in tables for key in table.keys],
        "columns": {
            column.name: _column(column, values[i::width])
            for i, column in enumerate(schema.columns)
        },
    }


def _column(column: Column, values: Iterable[float]) -> list[float | int | None]:
    """Rounded, so that the text is short; a gap is null."""
    decimals = column.decimals or None
    return [None if isnan(value) else round(value, decimals) for value in values]


def _changes(found: Slice) -> Iterable[dict[str, Any]]:
    for number, entry in enumerate(found.entries, found.first_number):
        if isinstance(entry, Change):
            head = {"number": number, "at_unix_ms": entry.unix_ms, "kind": entry.kind}
            yield {**head, **entry.detail}
