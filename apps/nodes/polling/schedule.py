"""When a target is asked next: at random 5–10 s after its answer, later while it fails, at once while watched; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SHORTEST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 10.0
# With the tick's second and the answer's time, an agent is asked within ten seconds of the last time.
AGENT_PAUSES_S = (6.0, 8.0)
LONGEST_BACKOFF_S = 60.0
IMAGES_EVERY_S = 60.0
# Ticks come each second: what is watched is due at the next one.
WATCHED_PAUSE_S = 0.5

Choose = Callable[[float, float], float]
"""Picks a number between two, as `random.uniform` does."""


@dataclass(slots=True)
class Schedule:
    """One target's times, on a monotonic clock; a new target is due at once."""

    choose: Choose
    pauses_s: tuple[float, float] = (SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
    due_at_s: float = 0.0
    failures: int = 0
    is_in_flight: bool = False
    images_due_at_s: float = 0.0
    is_watched: bool = False

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

    def watch(self, now_s: float, *, is_watched: bool) -> None:
        """Somebody looks, or looks no more; what failed keeps its pause."""
        self.is_watched = is_watched
        if is_watched and not self.failures:
            self.due_at_s = min(self.due_at_s, now_s + WATCHED_PAUSE_S)

    def wants_images(self, now_s: float) -> bool:
        """Whether this answer should bring the images too; counted from the last answer that did."""
        return now_s >= self.images_due_at_s

    def images_seen(self, now_s: float) -> None:
        """The images are known for a while."""
        self.images_due_at_s = now_s + IMAGES_EVERY_S

    def _pause(self, now_s: float, *, factor: int) -> None:
        self.is_in_flight = False
        pause_s = self.choose(*self.pauses_s) * factor
        if self.is_watched and not self.failures:
            pause_s = WATCHED_PAUSE_S
        self.due_at_s = now_s + min(pause_s, LONGEST_BACKOFF_S)
