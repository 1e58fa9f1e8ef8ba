"""Notes that agents were heard, of many at once and in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports.agent import AgentSnapshot
from apps.nodes.services.polling.agent_polls import AgentPlace

RECENT = timedelta(seconds=1)

Heard = tuple[AgentPlace, AgentSnapshot]

_TOUCH = (
    f"UPDATE {EngineEndpoint._meta.db_table} SET last_ok_at = %s, cursor = %s"  # noqa: S608 - our own name
    " WHERE id = %s AND node_id = %s AND failures = 0 AND last_ok_at < %s"
)
_SEEN = f"UPDATE {Node._meta.db_table} SET observed_at = %s WHERE id = %s"  # noqa: S608 - our own name


def touch_agents(heard: Sequence[Heard]) -> bool:
    """Write cursors and moments; False when an address was moved, failed or heard later meanwhile.

    Then nothing of it counts: the caller undoes it and compares each answer as a whole.
    """
    if not heard:
        return True
    with connection.cursor() as cursor:
        cursor.executemany(_TOUCH, [_touch(place, snapshot) for place, snapshot in heard])
        if cursor.rowcount != len(heard):
            return False
        singles = [pair for pair in heard if pair[0].is_single]
        cursor.executemany(_SEEN, [(_at(snapshot), place.node_pk) for place, snapshot in singles])
    return True


def touch_clusters(heard: Sequence[Heard]) -> None:
    """A single engine's word is also one on its cluster: to be called last in a transaction.

    All workers write this row. Held from a batch's beginning on, it would make each wait for
    the others, and a second ago is recent enough.
    """
    latest: dict[int, datetime] = {}
    for place, snapshot in heard:
        if place.is_single:
            known = latest.get(place.cluster_pk, snapshot.taken_at)
            latest[place.cluster_pk] = max(known, snapshot.taken_at)
    for cluster_pk, at in sorted(latest.items()):
        older = Cluster.objects.filter(pk=cluster_pk, observed_at__lt=at - RECENT)
        older.update(observed_at=at)


def _touch(place: AgentPlace, snapshot: AgentSnapshot) -> tuple[Any, ...]:
    at = _at(snapshot)
    return (at, snapshot.cursor, place.endpoint_pk, place.node_pk, at)


def _at(snapshot: AgentSnapshot) -> Any:  # noqa: ANN401 - what the database's driver takes
    return connection.ops.adapt_datetimefield_value(snapshot.taken_at)
