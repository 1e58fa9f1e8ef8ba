"""A rule's numbers as the stepping takes them. Pure."""

from __future__ import annotations

from typing import Protocol

from apps.alerts.rules import flapping
from apps.alerts.rules.stepping import LOST_AFTER_S, PATIENCE_S, Bounds


class Numbers(Protocol):
    """What a rule's row has."""

    value: float
    clear_value: float | None
    for_s: int
    clear_for_s: int
    min_samples: int

    @property
    def is_above(self) -> bool:
        """Which side of the value is trouble."""
        ...


def bounds_of(rule: Numbers, *, is_flapping: bool = False, step_s: float = 0) -> Bounds:
    """`step_s` is how far apart the sights are, where that is more than the rounds' pace."""
    return Bounds(
        value=rule.value,
        is_above=rule.is_above,
        clear_value=rule.clear_value,
        for_s=rule.for_s,
        clear_for_s=flapping.clear_for_s(rule.clear_for_s, is_flapping=is_flapping),
        min_samples=rule.min_samples,
        patience_s=max(PATIENCE_S, 3 * step_s),
        lost_after_s=max(LOST_AFTER_S, 3 * step_s),
    )
