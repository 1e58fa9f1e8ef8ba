"""What a fact is asked with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Beyond so many subjects in trouble at once, one more tells nobody anything new.
MOST_FOUND = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which kind of object, when, over how long, and whether the portal has looked without a pause."""

    kind: str
    now: datetime
    window_s: int
    is_steady: bool

    @property
    def since(self) -> datetime:
        """The window's begin."""
        return self.now - timedelta(seconds=self.window_s)
