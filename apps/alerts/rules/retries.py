"""When a message that did not arrive is tried again. Pure."""

from __future__ import annotations

from apps.alerts.ports.notifier import Receipt

WAITS_S = (30, 120, 480, 1800, 3600)
MOST_ATTEMPTS = len(WAITS_S) + 1
LONGEST_WAIT_S = 6 * 3600


def next_wait_s(receipt: Receipt, *, attempts: int, chance: float) -> int | None:
    """Seconds until the next attempt after so many; None gives up.

    `chance` (0…1) spreads what failed together by a fifth; what the target itself asked for is kept.
    """
    if receipt.is_permanent or attempts >= MOST_ATTEMPTS:
        return None
    wait = WAITS_S[max(0, attempts - 1)] * (1 + 0.2 * chance)
    return min(LONGEST_WAIT_S, max(round(wait), receipt.retry_after_s or 0))
