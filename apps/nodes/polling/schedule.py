"""When a target is asked next: at random 5–10 s after its answer, later and later while it fails; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SHORTEST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 10.0
LONGEST_BACKOFF_S = 60.0
IMAGES_EVERY_S = 60.0

Choose = Callable[[float, float], float]
"""Picks a number between two, as `random.uniform` does."""


@dataclass(slots=True)
class Schedule:
    """One target's times, on a monotonic clock; a new target is due at once."""

    choose: Choose
    due_at_s: float = 0.0
    failures: int = 0
    is_in_flight: bool = False
    images_due_at_s: float = 0.0

    def is_due(self, now_s: float) -> bool:
        """Whether to ask now: its time has come and no earlier question is open."""
        return not self.is_in_flight and now_s >= self.due_at_s

    def started(self) -> None:
        """A question is open from here on."""
        self.is_in_flight = True

    def answered(self, now_s: float) -> None:
        """Ask again after the usual pause."""
        self.failures = 0
        self._pause(now_s, factor=1)

    def failed(self, now_s: float) -> None:
        """Ask again after a pause that doubles with each failure in a row."""
        self.failures += 1
        self._pause(now_s, factor=2 ** min(self.failures - 1, 10))

    def wants_images(self, now_s: float) -> bool:
        """Whether this answer should bring the images too; counted from the last answer that did."""
        return now_s >= self.images_due_at_s

    def images_seen(self, now_s: float) -> None:
        """The images are known for a while."""
        self.images_due_at_s = now_s + IMAGES_EVERY_S

    def _pause(self, now_s: float, *, factor: int) -> None:
        self.is_in_flight = False
        pause_s = self.choose(SHORTEST_PAUSE_S, LONGEST_PAUSE_S) * factor
        self.due_at_s = now_s + min(pause_s, LONGEST_BACKOFF_S)
