"""Notes that agents were heard, of many at once and in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports.agent import AgentSnapshot
from apps.nodes.services.polling.agent_polls import AgentPlace

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
    for cluster_pk, snapshot in {place.cluster_pk: snapshot for place, snapshot in singles}.items():
        Cluster.objects.filter(pk=cluster_pk, observed_at__lt=snapshot.taken_at).update(
            observed_at=snapshot.taken_at
        )
    return True


def _touch(place: AgentPlace, snapshot: AgentSnapshot) -> tuple[Any, ...]:
    at = _at(snapshot)
    return (at, snapshot.cursor, place.endpoint_pk, place.node_pk, at)


def _at(snapshot: AgentSnapshot) -> Any:  # noqa: ANN401 - what the database's driver takes
    return connection.ops.adapt_datetimefield_value(snapshot.taken_at)
