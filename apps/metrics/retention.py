"""How long each tier is kept, as the operator set it; asked of the database once a minute a process."""

from __future__ import annotations

import time
from dataclasses import dataclass

from apps.metrics.models import Retention

HOUR_S, DAY_S = 3600, 86_400
# Whole buckets of the coarsest tier go at once, so that none is ever summed up from a part.
ALIGNED_S = 7200
ASKED_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Keep:
    """Seconds that each tier is kept."""

    raw: int
    sealed: int
    minute: int
    quarter_hour: int
    two_hours: int

    def since_s(self, tier: str, now_s: int) -> int:
        """The first moment of which the tier still holds everything."""
        before_s = now_s - int(getattr(self, tier))
        return before_s - before_s % ALIGNED_S

    def oldest_accepted_s(self, now_s: int) -> int:
        """A sample from before this would be summed up without those beside it, which are gone."""
        kept = min(max(self.raw, self.sealed), self.minute)
        return now_s - kept + ALIGNED_S


def keep_of(row: Retention) -> Keep:
    """The row's numbers in seconds."""
    return Keep(
        raw=row.raw_hours * HOUR_S,
        sealed=row.sealed_days * DAY_S,
        minute=row.minute_days * DAY_S,
        quarter_hour=row.quarter_days * DAY_S,
        two_hours=row.two_hours_days * DAY_S,
    )


class RememberedKeep:
    """What was set a moment ago."""

    def __init__(self) -> None:
        """Nothing is asked before it is needed."""
        self._kept: tuple[float, Keep] | None = None

    def __call__(self) -> Keep:
        """The present numbers, at most a minute old."""
        now_s = time.monotonic()
        if self._kept is None or now_s - self._kept[0] > ASKED_EVERY_S:
            self._kept = (now_s, keep_of(stored()))
        return self._kept[1]

    def forget(self) -> None:
        """Ask anew."""
        self._kept = None


keep = RememberedKeep()


def stored() -> Retention:
    """The one row; as it is by default where nobody changed anything."""
    return Retention.objects.order_by("pk").first() or Retention()
