"""When a pushed tag that could not be carried is tried again; pure."""

from __future__ import annotations

from typing import Final

PAUSES_S: Final = (60, 300, 900, 3600)


def pause_s(attempts: int) -> int:
    """Seconds from the start of an attempt, of which this is the number, to the next."""
    return PAUSES_S[min(max(attempts, 1), len(PAUSES_S)) - 1]
