"""What a look at the world brings back: subjects, and a number for each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A thing that a rule may find in trouble, and where it belongs."""

    kind: str
    ref: int
    label: str
    cluster_ref: int | None = None
    node_ref: int | None = None
    service_ref: int | None = None

    @property
    def key(self) -> Key:
        """Kind and number."""
        return self.kind, self.ref


@dataclass(frozen=True, slots=True)
class Reading:
    """The number of one subject as a rule compares it; None where it cannot be told just now."""

    subject: Subject
    value: float | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for one rule. A subject that is missing is calm, unless its kind of answer says unknown."""

    readings: Mapping[Key, Reading] = field(default_factory=dict)
    calm: float | None = None
    """The value of what is not listed; None says that nothing is known of it."""
    blind_clusters: frozenset[int] = frozenset()
    """Clusters of which nothing is known at the moment, listed or not."""


def answer(
    readings: Iterable[Reading],
    *,
    calm: float | None = None,
    blind_clusters: frozenset[int] = frozenset(),
) -> Answer:
    """The same, by key."""
    return Answer({one.subject.key: one for one in readings}, calm, blind_clusters)


def worst_first(readings: Iterable[Reading], *, is_above: bool) -> list[Reading]:
    """Known values, the furthest on the side of trouble first; by name where they are level."""
    known = [(one.value, one) for one in readings if one.value is not None]
    sign = -1 if is_above else 1
    return [one for value, one in sorted(known, key=lambda pair: _rank(pair, sign))]


def _rank(pair: tuple[float, Reading], sign: int) -> tuple[float, str, int]:
    value, reading = pair
    return sign * value, reading.subject.label, reading.subject.ref
