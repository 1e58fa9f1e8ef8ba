"""Which open alert explains which other, so that one cause is told once. Pure.

- The portal's own lateness explains whatever is said of silence: nobody was asked.
- A cluster of which no manager answers explains the silence of its nodes and of what runs on them.
- A cluster that lost its quorum explains what is said of its services and tasks: nothing can be placed.
- A node that is down explains what is said of the node itself, its containers, and the services that
  had tasks on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

POLL_LATE, CLUSTER_SILENT, QUORUM_LOST = "poll_late", "cluster_silent", "quorum_lost"
NODE_DOWN, NODE_SILENT = "node_down", "node_silent"
CAUSES = (POLL_LATE, CLUSTER_SILENT, QUORUM_LOST, NODE_DOWN, NODE_SILENT)
SILENCES = frozenset({CLUSTER_SILENT, NODE_SILENT, "absence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an alert's object belongs; `subject` is the fact's or the condition's name."""

    key: int
    subject: str
    kind: str
    ref: int
    cluster_ref: int | None = None
    node_refs: frozenset[int] = field(default_factory=frozenset)


def explained(places: Sequence[Place]) -> dict[int, int]:
    """For each alert that another explains, the key of that other one."""
    causes = [place for place in places if place.subject in CAUSES]
    ranked = sorted(causes, key=lambda place: CAUSES.index(place.subject))
    found = ((place.key, _cause_of(place, ranked)) for place in places)
    return {key: cause.key for key, cause in found if cause is not None}


def _cause_of(place: Place, causes: Iterable[Place]) -> Place | None:
    return next((cause for cause in causes if _explains(cause, place)), None)


def _explains(cause: Place, place: Place) -> bool:
    if cause.key == place.key or not _is_above(cause, place):
        return False
    return _BY_CAUSE[cause.subject](cause, place)


def _is_above(cause: Place, place: Place) -> bool:
    """A cause is explained only by one of higher rank: no two alerts explain each other."""
    if place.subject not in CAUSES:
        return True
    return CAUSES.index(cause.subject) < CAUSES.index(place.subject)


def _portal_explains(_cause: Place, place: Place) -> bool:
    return place.subject in SILENCES


def _silent_cluster_explains(cause: Place, place: Place) -> bool:
    return place.cluster_ref == cause.ref and place.subject in SILENCES


def _quorum_explains(cause: Place, place: Place) -> bool:
    is_inside = place.cluster_ref == cause.ref
    return is_inside and place.kind in {"service", "stack"} and place.subject not in CAUSES


def _node_explains(cause: Place, place: Place) -> bool:
    if place.kind == "node":
        return place.ref == cause.ref and place.subject != NODE_DOWN
    return cause.ref in place.node_refs


_BY_CAUSE: Mapping[str, Callable[[Place, Place], bool]] = {
    POLL_LATE: _portal_explains,
    CLUSTER_SILENT: _silent_cluster_explains,
    QUORUM_LOST: _quorum_explains,
    NODE_DOWN: _node_explains,
    NODE_SILENT: _node_explains,
}
