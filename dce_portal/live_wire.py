"""How frames travel: whole where a page has none yet, afterwards only what moved, in columns.

A usage frame repeats the same names and numbers each time. A page that holds the one before
gets a step instead: `set` replaces fields, `cells` are the values of a mapping in the order
of its keys, `rows` are the cells of a table that moved, `gone` are fields that are no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The only kind that is stepped; frames of the others are small and stand alone.
STEPPED = "usage"
# A table's number that moved by less than this share of itself would not move a bar.
DEAD_BAND = 0.005
# The column that says which thing a table's row is about.
KEY = "ref"
_MISSING = object()


@dataclass(slots=True)
class Step:
    """What a page is told, and what it then holds: inside the dead band, the number of before."""

    held: dict[str, Any] = field(default_factory=dict)
    set: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, list[Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        """As it is sent: only the parts that say something."""
        parts = {"set": self.set, "cells": self.cells, "rows": self.rows, "gone": self.gone}
        return {name: part for name, part in parts.items() if part}


def is_stepped(data: Mapping[str, Any]) -> bool:
    """Whether frames of this kind are sent as steps from the one before."""
    return data.get("type") == STEPPED


def replaces(data: Mapping[str, Any]) -> bool:
    """Whether the frame makes those before it worthless: it has no kind, hence is the whole thing."""
    return "type" not in data


def step_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Step:
    """What moved from one frame's data to the next one's."""
    step = Step(gone=[name for name in before if name not in after])
    for name, value in after.items():
        step.held[name] = _told(step, name, before.get(name, _MISSING), value)
    return step


def _told(step: Step, name: str, before: object, after: object) -> object:
    if before == after:
        return before
    if not isinstance(before, dict) or not isinstance(after, dict) or list(before) != list(after):
        step.set[name] = after
        return after
    if not is_table(before) or not is_table(after):
        step.cells[name] = list(after.values())
        return after
    if before[KEY] != after[KEY]:
        step.set[name] = after
        return after
    return _table(step, name, before, after)


def _table(step: Step, name: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    moved = {column: _moved(before[column], after[column]) for column in after}
    index = sorted(set().union(*moved.values()))
    if not index:
        return before
    columns = {column: [after[column][row] for row in index] for column in after if moved[column]}
    step.rows[name] = {"index": index, "columns": columns}
    return before | {column: _patched(before[column], index, columns[column]) for column in columns}


def _moved(before: Sequence[Any], after: Sequence[Any]) -> set[int]:
    pairs = enumerate(zip(before, after, strict=True))
    return {row for row, (old, new) in pairs if old != new and _is_news(old, new)}


def _is_news(old: object, new: object) -> bool:
    if not isinstance(old, float) or not isinstance(new, int | float):
        return True
    return abs(new - old) > DEAD_BAND * max(abs(old), abs(new))


def _patched(column: Sequence[Any], index: Sequence[int], values: Sequence[Any]) -> list[Any]:
    patched = list(column)
    for row, value in zip(index, values, strict=True):
        patched[row] = value
    return patched


def is_table(value: Mapping[str, Any]) -> bool:
    """Columns of equal length, one of which says what each row is about."""
    if not isinstance(value.get(KEY), list):
        return False
    rows = len(value[KEY])
    return all(isinstance(column, list) and len(column) == rows for column in value.values())


def applied(before: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """What a page holds after a step; the page's own script does the same."""
    data = {name: value for name, value in before.items() if name not in step.get("gone", ())}
    data |= step.get("set", {})
    for name, values in step.get("cells", {}).items():
        data[name] = dict(zip(data[name], values, strict=True))
    for name, rows in step.get("rows", {}).items():
        columns = rows["columns"].items()
        patched = {column: _patched(data[name][column], rows["index"], v) for column, v in columns}
        data[name] = data[name] | patched
    return data


def chained(frames: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Frames one after the other: the first of the stepped kind whole, the others as steps."""
    held: Mapping[str, Any] | None = None
    for frame in frames:
        data = frame["data"]
        numbers = {"seq": frame["seq"], "sent": frame["sent"]}
        if not is_stepped(data):
            yield numbers | {"data": data}
        elif held is None:
            held = data
            yield numbers | {"data": data}
        else:
            step = step_of(held, data)
            held = step.held
            yield numbers | {"step": step.fields()}
