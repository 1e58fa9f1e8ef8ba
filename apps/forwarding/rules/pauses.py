"""When to try again; pure."""

from __future__ import annotations

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0


def pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row: doubling, up to five minutes."""
    return min(FIRST_PAUSE_S * float(1 << min(max(failures - 1, 0), 10)), LONGEST_PAUSE_S)
