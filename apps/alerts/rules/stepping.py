"""One look at one object by one rule: how the alert stood before, what was seen, how it stands now. Pure.

The same function serves the live rounds and the try-out on history, so that what a try-out
says is what would have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

PENDING, FIRING = "pending", "firing"
# What was not seen for so long did not hold all the while: `for` begins anew.
PATIENCE_S = 120
# An alert about something that is silent for so long tells nothing any more.
LOST_AFTER_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When there is trouble, how long it must hold, and when it is over."""

    value: float
    is_above: bool = True
    clear_value: float | None = None
    for_s: float = 0
    clear_for_s: float = 0
    min_samples: int = 1
    patience_s: float = PATIENCE_S
    lost_after_s: float = LOST_AFTER_S

    def is_trouble(self, value: float) -> bool:
        """At the value itself it is trouble already."""
        return value >= self.value if self.is_above else value <= self.value

    def is_over(self, value: float) -> bool:
        """Past the clearing value, and no trouble; between the two it stays as it is."""
        edge = self.value if self.clear_value is None else self.clear_value
        is_past = value <= edge if self.is_above else value >= edge
        return is_past and not self.is_trouble(value)

    def worse(self, one: float, other: float) -> float:
        """Whichever is further on the side of trouble."""
        return max(one, other) if self.is_above else min(one, other)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of the object: nothing, or a value that so many samples made."""

    at_s: float
    value: float | None
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an alert stands: since when, when it was last seen, and the worst of it."""

    state: str
    since_s: float
    seen_s: float
    value: float
    peak: float
    fired_s: float | None = None
    clearing_s: float | None = None

    @property
    def is_firing(self) -> bool:
        """Whether it held long enough."""
        return self.state == FIRING


def step(standing: Standing | None, sight: Sight, bounds: Bounds) -> Standing | None:
    """The next standing; None is "all is well"."""
    value = sight.value
    if value is None or sight.count < bounds.min_samples:
        return _unseen(standing, sight.at_s, bounds)
    if standing is None:
        return _begun(value, sight.at_s, bounds) if bounds.is_trouble(value) else None
    if sight.at_s - standing.seen_s > bounds.patience_s:
        standing = resumed(standing, sight.at_s)
    seen = _seen(standing, value, sight.at_s, bounds)
    return _improving(seen, bounds) if seen.is_firing else _pending(seen, bounds)


def resumed(standing: Standing, at_s: float) -> Standing:
    """After a pause of the looking itself: what was not seen counts for nothing, neither for nor against."""
    since_s = standing.since_s if standing.is_firing else at_s
    return replace(standing, since_s=since_s, seen_s=at_s, clearing_s=None)


def _begun(value: float, at_s: float, bounds: Bounds) -> Standing:
    found = Standing(state=PENDING, since_s=at_s, seen_s=at_s, value=value, peak=value)
    return _fired_when_due(found, bounds)


def _seen(standing: Standing, value: float, at_s: float, bounds: Bounds) -> Standing:
    peak = bounds.worse(standing.peak, value)
    return replace(standing, seen_s=at_s, value=value, peak=peak)


def _pending(standing: Standing, bounds: Bounds) -> Standing | None:
    return _fired_when_due(standing, bounds) if bounds.is_trouble(standing.value) else None


def _fired_when_due(standing: Standing, bounds: Bounds) -> Standing:
    is_due = standing.seen_s - standing.since_s >= bounds.for_s
    return replace(standing, state=FIRING, fired_s=standing.seen_s) if is_due else standing


def _improving(standing: Standing, bounds: Bounds) -> Standing | None:
    if not bounds.is_over(standing.value):
        return replace(standing, clearing_s=None)
    since_s = standing.seen_s if standing.clearing_s is None else standing.clearing_s
    is_over = standing.seen_s - since_s >= bounds.clear_for_s
    return None if is_over else replace(standing, clearing_s=since_s)


def _unseen(standing: Standing | None, at_s: float, bounds: Bounds) -> Standing | None:
    if standing is None:
        return None
    longest_s = bounds.lost_after_s if standing.is_firing else bounds.patience_s
    return None if at_s - standing.seen_s > longest_s else standing


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a rule fired: from when, to when (None while it lasts), and the worst value."""

    fired_s: float
    cleared_s: float | None
    peak: float


def firings(sights: Iterable[Sight], bounds: Bounds) -> Iterator[Firing]:
    """What the rule would have made of a series, in the order of time."""
    standing: Standing | None = None
    at_s = 0.0
    for sight in sights:
        before, at_s = standing, sight.at_s
        standing = step(before, sight, bounds)
        if standing is None and before is not None and before.fired_s is not None:
            yield Firing(before.fired_s, at_s, before.peak)
    if standing is not None and standing.fired_s is not None:
        yield Firing(standing.fired_s, None, standing.peak)
