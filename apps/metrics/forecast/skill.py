"""Whether a forecast beats what needs no forecast: the share of a simple guess's error that it saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats
from apps.metrics.forecast.engine import Limits, Outlook, forecasts_at

CHECKED_DAYS = 5
NOTHING = 1e-9  # of the largest value: what the arithmetic of floats leaves of no error
FEWEST_HOURS_BEFORE = 2 * DAY_HOURS


@dataclass(frozen=True, slots=True)
class Skill:
    """1 is perfect, 0 no better than the simple guess, below 0 worse; None where it cannot be said."""

    against_yesterday: float | None
    against_last_value: float | None
    checks: int = 0  # forecasts that were made again, each beginning a day before the next

    @property
    def is_proven(self) -> bool:
        """Better than both simple guesses: only then is a line worth drawing."""
        known = [
            score
            for score in (self.against_yesterday, self.against_last_value)
            if score is not None
        ]
        return len(known) == 2 and min(known) > 0


def skill_score(truth: Floats, forecast: Floats, *, reference: Floats) -> float | None:
    """Share of the reference's mean absolute error that the forecast saves; None where the reference did not err."""
    reference_error = float(np.abs(truth - reference).mean())
    if reference_error <= NOTHING * float(np.abs(truth).max()):
        return None
    return 1 - float(np.abs(truth - forecast).mean()) / reference_error


def recent_skill(history: Floats) -> Skill:
    """The score over the last days, each forecast from what came before it as it would have been made then."""
    return judged(history, limits=Limits(floor=None))[1]


def judged(
    history: Floats, *, horizon: int = DAY_HOURS, limits: Limits | None = None
) -> tuple[Outlook, Skill]:
    """A forecast of whole days, and the score of its like over the last days, made in one go."""
    length = len(history)
    first = max(length - horizon - (CHECKED_DAYS - 1) * DAY_HOURS, FEWEST_HOURS_BEFORE)
    starts = range(length - horizon, first - 1, -DAY_HOURS)
    newest, *earlier = forecasts_at(history, [length, *starts], horizon=horizon, limits=limits)
    return newest, _skill(history, starts, earlier, horizon=horizon)


def _skill(
    history: Floats, starts: Sequence[int], earlier: Sequence[Outlook], *, horizon: int
) -> Skill:
    if not starts:
        return Skill(None, None)
    truth = np.concatenate([history[start : start + horizon] for start in starts])
    day = [history[start - DAY_HOURS : start] for start in starts]
    yesterday = np.concatenate([np.resize(hours, horizon) for hours in day])
    last = np.repeat([hours[-1] for hours in day], horizon)
    point = np.concatenate([outlook.point for outlook in earlier])
    return Skill(
        skill_score(truth, point, reference=yesterday),
        skill_score(truth, point, reference=last),
        len(starts),
    )
