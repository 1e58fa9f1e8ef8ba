"""Reads what rights are reckoned from, in one prepared statement: namespaces that exist, and a person's grants in them.

The token endpoint asks this for every request; an ORM query of a union costs it more than all else together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from apps.accounts.models import TeamMembership
from apps.registry.models import Grant, Namespace, Repository
from dce_portal.plain_reads import read_rows

Row = tuple[str, bool, str | None, str | None]


def rights_rows(names: Collection[str], *, person_id: int | None) -> list[Row]:
    """(namespace, is public, role, repository): a row a namespace without role, and one a grant."""
    ordered = sorted(names)
    if person_id is None:
        return _fetched(_namespaces(len(ordered)), ordered)
    statement = f"{_namespaces(len(ordered))} UNION ALL {_grants(len(ordered))}"
    return _fetched(statement, [*ordered, *ordered, person_id, person_id])


def _fetched(statement: str, parameters: Sequence[str | int]) -> list[Row]:
    rows = read_rows(statement, parameters)
    return [(name, bool(public), role, path) for name, public, role, path in rows]


@cache
def _namespaces(count: int) -> str:
    return (
        f"SELECT n.name, n.is_public, NULL, NULL FROM {Namespace._meta.db_table} n"  # noqa: S608 - names of our own
        f" WHERE n.name IN ({_places(count)})"
    )


@cache
def _grants(count: int) -> str:
    return (
        "SELECT n.name, n.is_public, g.role, r.name"  # noqa: S608 - names of our own
        f" FROM {Grant._meta.db_table} g"
        f" JOIN {Namespace._meta.db_table} n ON n.id = g.namespace_id"
        f" LEFT JOIN {Repository._meta.db_table} r ON r.id = g.repository_id"
        f" WHERE n.name IN ({_places(count)}) AND (g.person_id = %s OR g.team_id IN"
        f" (SELECT m.team_id FROM {TeamMembership._meta.db_table} m WHERE m.person_id = %s))"
    )


def _places(count: int) -> str:
    return ", ".join(["%s"] * count)
