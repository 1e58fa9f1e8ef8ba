"""Reads a personal token with its owner in one prepared statement.

Every request of a script or of a docker client begins with this read; building the same query
anew each time costs twenty times what the database takes for it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from apps.accounts.models import PersonalToken, User
from dce_portal.plain_reads import read_rows

_UNUSED_OF_TOKEN = frozenset({"created_at", "rotated_at", "last_used_address"})
_USED_OF_OWNER = frozenset({"id", "username", "email", "is_active", "is_staff", "is_superuser"})
# In the order of the models, as from_db wants them.
_TOKEN_FIELDS = tuple(
    field.attname
    for field in PersonalToken._meta.concrete_fields
    if field.attname not in _UNUSED_OF_TOKEN
)
_OWNER_FIELDS = tuple(
    field.attname for field in User._meta.concrete_fields if field.attname in _USED_OF_OWNER
)
_MOMENTS = frozenset({"expires_at", "revoked_at", "last_used_at", "previous_until"})
_LISTS = frozenset({"scopes", "networks"})
_FLAGS = frozenset({"is_active", "is_superuser", "is_staff"})


def _statement() -> str:
    columns = [f"t.{name}" for name in _TOKEN_FIELDS] + [f"u.{name}" for name in _OWNER_FIELDS]
    return (
        f"SELECT {', '.join(columns)} FROM {PersonalToken._meta.db_table} t"  # noqa: S608 - names of our own
        f" JOIN {User._meta.db_table} u ON u.id = t.owner_id WHERE t.key = %s"
    )


_STATEMENT = _statement()


def token_with_owner(key: str) -> PersonalToken | None:
    """The token of that key; its owner is loaded, columns that signing in does not need are not."""
    rows = read_rows(_STATEMENT, (key,))
    if not rows:
        return None
    row = rows[0]
    split = len(_TOKEN_FIELDS)
    token = PersonalToken.from_db(DEFAULT_DB_ALIAS, _TOKEN_FIELDS, _read(_TOKEN_FIELDS, row))
    token.owner = User.from_db(DEFAULT_DB_ALIAS, _OWNER_FIELDS, _read(_OWNER_FIELDS, row[split:]))
    return token


def _read(names: tuple[str, ...], values: tuple[Any, ...]) -> list[Any]:
    return [_value(name, value) for name, value in zip(names, values, strict=False)]


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the database has in the column
    """As the model has it: SQLite knows neither moments nor truth, and JSON comes as text."""
    if name in _MOMENTS:
        return _moment(value)
    if name in _LISTS:
        return json.loads(value) if isinstance(value, str) else value
    return bool(value) if name in _FLAGS else value


def _moment(value: datetime | str | None) -> datetime | None:
    """SQLite keeps moments as UTC without saying so."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
