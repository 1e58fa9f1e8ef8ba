"""What comes and goes is kept open longer, so that nobody is told each time. Pure."""

from __future__ import annotations

# So many firings of one rule on one object within the time, this one counted.
FLAPS = 4
WITHIN_S = 3600
QUIET_FOR_S = 900


def is_flapping(recent_firings: int) -> bool:
    """Whether it came and went often enough within the last hour."""
    return recent_firings >= FLAPS


def clear_for_s(clear_for_s: float, *, is_flapping: bool) -> float:
    """How long it must be over: long enough to outlast the coming and going."""
    return max(clear_for_s, QUIET_FOR_S) if is_flapping else clear_for_s
