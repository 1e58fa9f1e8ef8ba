"""Reads a robot with its namespace in one prepared statement, as the token endpoint needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.registry.models import Namespace, Robot
from apps.registry.rights import GrantFact, NamespaceFact
from dce_portal.plain_reads import read_rows

_COLUMNS = (
    "id",
    "username",
    "key",
    "role",
    "repositories",
    "digest",
    "previous_digest",
    "previous_until",
    "networks",
    "expires_at",
    "revoked_at",
    "last_used_at",
)
_LISTS = frozenset({"repositories", "networks"})
_MOMENTS = frozenset({"previous_until", "expires_at", "revoked_at", "last_used_at"})
_STATEMENT = (
    f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS)}, n.name, n.is_public"  # noqa: S608 - names of our own
    f" FROM {Robot._meta.db_table} r JOIN {Namespace._meta.db_table} n ON n.id = r.namespace_id"
    " WHERE r.key = %s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotRow:
    """A robot as far as it signs in and is judged."""

    id: int
    username: str
    key: str
    role: str
    repositories: list[str]
    digest: str
    previous_digest: str
    previous_until: datetime | None
    networks: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    namespace: NamespaceFact

    @property
    def label(self) -> str:
        """How audit entries name the credential; nothing secret."""
        return f"robot (dcer_{self.key}…)"

    @property
    def grants(self) -> tuple[GrantFact, ...]:
        """Its role, on the namespace or on each of its repositories."""
        name = self.namespace.name
        if not self.repositories:
            return (GrantFact(name, self.role),)
        return tuple(GrantFact(name, self.role, one) for one in self.repositories)


def robot_of(key: str) -> RobotRow | None:
    """The robot of that key."""
    rows = read_rows(_STATEMENT, (key,))
    if not rows:
        return None
    *values, namespace, is_public = rows[0]
    facts: dict[str, Any] = {
        name: _value(name, value) for name, value in zip(_COLUMNS, values, strict=True)
    }
    return RobotRow(**facts, namespace=NamespaceFact(namespace, bool(is_public)))


def _value(name: str, value: object) -> object:
    """SQLite gives lists and moments as text, moments as UTC without saying so."""
    if name in _LISTS:
        return json.loads(value) if isinstance(value, str) else value
    if name not in _MOMENTS or value is None:
        return value
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment
