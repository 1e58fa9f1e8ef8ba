"""Whether a forecast beats what needs no forecast: the share of a simple guess's error that it saves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats
from apps.metrics.forecast.engine import Limits, forecasts_at

CHECKED_DAYS = 5
FEWEST_HOURS_BEFORE = 2 * DAY_HOURS


@dataclass(frozen=True, slots=True)
class Skill:
    """1 is perfect, 0 no better than the simple guess, below 0 worse; None where it cannot be said."""

    against_yesterday: float | None
    against_last_value: float | None

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
    if reference_error == 0:
        return None
    return 1 - float(np.abs(truth - forecast).mean()) / reference_error


def recent_skill(history: Floats) -> Skill:
    """The score over the last days, each forecast from what came before it as it would have been made then."""
    first = max(len(history) - CHECKED_DAYS * DAY_HOURS, FEWEST_HOURS_BEFORE)
    starts = range(len(history) - DAY_HOURS, first - 1, -DAY_HOURS)
    if not starts:
        return Skill(None, None)
    outlooks = forecasts_at(history, starts, limits=Limits(floor=None))
    truth = np.concatenate([history[start : start + DAY_HOURS] for start in starts])
    yesterday = np.concatenate([history[start - DAY_HOURS : start] for start in starts])
    point = np.concatenate([outlook.point for outlook in outlooks])
    return Skill(
        skill_score(truth, point, reference=yesterday),
        skill_score(truth, point, reference=np.repeat(history[np.array(starts) - 1], DAY_HOURS)),
    )
