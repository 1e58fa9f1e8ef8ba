"""Reads rows by a prepared statement past Django's cursor, which costs more than SQLite takes for the answer.

For the few reads that every request of a client begins with; statements have `%s` for each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def read_rows(statement: str, parameters: Sequence[str | int]) -> list[tuple[Any, ...]]:
    """All rows; errors are Django's own, and whoever counts queries sees this one."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite" or connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    connection.ensure_connection()
    with connection.wrap_database_errors:
        found: list[tuple[Any, ...]] = connection.connection.execute(
            _for_sqlite(statement), parameters
        ).fetchall()
    return found


@lru_cache(maxsize=256)
def _for_sqlite(statement: str) -> str:
    return statement.replace("%s", "?")


def database_state() -> tuple[int, int, int] | None:
    """What stays the same for as long as nobody writes; None where that cannot be told cheaply.

    SQLite counts what other connections wrote, and the connection what it wrote itself: what this
    thread read in the same state is still true, to the last row.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return None
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = connection.connection
        version: int = raw.execute("PRAGMA data_version").fetchone()[0]
        return id(raw), version, raw.total_changes
