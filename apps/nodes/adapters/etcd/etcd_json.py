"""What etcd says of itself and, in its v2 keys, of a standalone Swarm; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from apps.nodes.adapters.json_facts import NEVER, Facts
from apps.nodes.ports.standalone import Registration, StoreMember

LEADER_STATES = frozenset({"StateLeader", "leader"})
DB_SIZE = "etcd_mvcc_db_total_size_in_bytes "


def member_of(
    url: str, *, health: object, version: object, itself: object, metrics: str
) -> StoreMember:
    """`/health`, `/version`, `/v2/stats/self` and `/metrics` of one member."""
    told, own = Facts(health), Facts(itself)
    return StoreMember(
        url=url,
        name=own.text("name", most=128),
        version=Facts(version).text("etcdserver", most=64),
        is_healthy=told.text("health") == "true" or told.true("health"),
        is_leader=own.text("state") in LEADER_STATES,
        db_bytes=db_bytes_of(metrics),
    )


def db_bytes_of(metrics: str) -> int | None:
    """The size of the database's file; members before 3.3 do not tell."""
    for line in metrics.splitlines():
        if line.startswith(DB_SIZE):
            try:
                return int(min(float(line.removeprefix(DB_SIZE)), 2**62))
            except (ValueError, OverflowError):
                return None
    return None


def registrations_of(raw: object, *, root: str) -> tuple[Registration, ...]:
    """The nodes below the Swarm's folder, by address."""
    folder = f"/{root}/nodes/"
    found = [
        Registration(address=key.text("value"), expires_at=_expiry(key))
        for key in _leaves(Facts(raw).part("node"))
        if key.text("key", most=500).startswith(folder) and key.text("value")
    ]
    return tuple(sorted(found, key=lambda one: one.address))


def primary_of(raw: object, *, root: str) -> tuple[str, datetime | None]:
    """The manager that holds the leader's key, and until when."""
    for key in _leaves(Facts(raw).part("node")):
        if key.text("key", most=500) == f"/{root}/leader":
            return key.text("value"), _expiry(key)
    return "", None


def _leaves(folder: Facts) -> Iterator[Facts]:
    """Every key below; folders of folders lie at most three deep here."""
    for child in folder.parts("nodes"):
        if not child.true("dir"):
            yield child
            continue
        yield from (leaf for leaf in child.parts("nodes") if not leaf.true("dir"))


def _expiry(key: Facts) -> datetime | None:
    at = key.moment("expiration") if "expiration" in key else NEVER
    return None if at == NEVER else at
