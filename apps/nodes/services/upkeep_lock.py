"""Lets one walk through an engine's disk run at a time: two at once would slow down all that runs there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from apps.nodes.models import Node
from dce_portal.errors import Conflict, Unavailable
from dce_portal.models import FINAL_STATES, Operation

LONGEST_S = 30 * 60


@contextmanager
def upkeep_lock(node: Node, operation: Operation) -> Iterator[None]:
    """Hold the node's lock; Conflict while another operation that still runs holds it."""
    place, holder = f"nodes:upkeep:{node.pk}", str(operation.pk)
    try:
        _take(place, holder, node)
    except RedisError as error:
        raise Unavailable(_("Redis does not answer. Nothing was done; try it again.")) from error
    try:
        yield
    finally:
        cache.delete(place)


def _take(place: str, holder: str, node: Node) -> None:
    if cache.add(place, holder, timeout=LONGEST_S):
        return
    other = Operation.objects.filter(pk=cache.get(place)).first()
    if other is not None and other.state not in FINAL_STATES:
        raise Conflict(
            _(
                "The disk of %(node)s is being measured or cleaned already, by “%(title)s”."
                " Nothing was started; wait for its end."
            )
            % {"node": node.hostname, "title": other.title}
        )
    # Its worker died and left the lock behind.
    cache.set(place, holder, timeout=LONGEST_S)
