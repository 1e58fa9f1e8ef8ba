"""Finds lasting jumps of a series' level and lifts the past to the new level, so that no method waits for days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, WEEK_HOURS, Floats, Ints, gap_median

RUN_HOURS = 4  # hours in a row beyond anything usual before a jump is believed
USUAL_QUANTILE = 0.98  # of the week's surprises before it
USUAL_MEDIANS = 8.0  # a jump is also so many times the usual surprise
FIRST_HOUR = 2 * DAY_HOURS  # before that nothing is usual yet
REFERENCE_DAYS = 3
MOST_JUMPS = 12  # a series that jumps more often has no level to speak of, and each view costs time


@dataclass(frozen=True, slots=True)
class Aligned:
    """The series as seen from `known_from` on: what lay before each jump lifted to the level after it."""

    known_from: int
    values: Floats


def aligned_views(values: Floats) -> list[Aligned]:
    """The series itself, then one view more for each jump, in the order in which they could be known."""
    views = [Aligned(0, values)]
    current, search_from = values, FIRST_HOUR
    while len(views) <= MOST_JUMPS:
        found = _first_jump(current, original=values, search_from=search_from)
        if found is None:
            break
        start, size = found
        current = np.concatenate([current[:start] + size, current[start:]])
        search_from = start + RUN_HOURS
        views.append(Aligned(search_from, current))
    return views


def _first_jump(values: Floats, *, original: Floats, search_from: int) -> tuple[int, float] | None:
    surprises = _surprises(values)
    starts, least = _runs_on_one_side(surprises, search_from=search_from)
    beyond = least > _usual(surprises, starts)
    for start, size in zip(starts[beyond], least[beyond], strict=True):
        if not _was_so_last_week(original, int(start), float(size)):
            return int(start), float(np.median(surprises[start : start + RUN_HOURS]))
    return None


def _surprises(values: Floats) -> Floats:
    """Each hour less the median of the same hour on the days before it."""
    earlier = np.full((REFERENCE_DAYS, len(values)), np.nan)
    for day in range(1, REFERENCE_DAYS + 1):
        earlier[day - 1, day * DAY_HOURS :] = values[: max(len(values) - day * DAY_HOURS, 0)]
    return np.nan_to_num(values - gap_median(earlier, axis=0))


def _runs_on_one_side(surprises: Floats, *, search_from: int) -> tuple[Ints, Floats]:
    """Where a run of surprises all above or all below zero begins, and the least of each run."""
    if len(surprises) < search_from + RUN_HOURS:
        return np.empty(0, dtype=np.int64), np.empty(0)
    runs = np.lib.stride_tricks.sliding_window_view(surprises, RUN_HOURS)[search_from:]
    least = np.maximum(runs.min(axis=1), -runs.max(axis=1))
    chosen = np.flatnonzero(least > 0)
    return chosen + search_from, least[chosen]


def _usual(surprises: Floats, starts: Ints) -> Floats:
    """The most that the week before each start leads one to expect."""
    sizes = np.concatenate([np.full(WEEK_HOURS, np.nan), np.abs(surprises[DAY_HOURS:])])
    windows = np.lib.stride_tricks.sliding_window_view(sizes, WEEK_HOURS)
    ordered = np.sort(
        windows[starts - DAY_HOURS], axis=1
    )  # NaN, before the first surprise, comes last
    known = np.minimum(starts - DAY_HOURS, WEEK_HOURS)
    each = np.arange(len(starts))
    rare = ordered[each, (USUAL_QUANTILE * (known - 1)).round().astype(np.int64)]
    return np.asarray(
        np.maximum(rare, USUAL_MEDIANS * ordered[each, (known - 1) // 2]), dtype=np.float64
    )


def _was_so_last_week(values: Floats, start: int, least: float) -> bool:
    """A weekend is no jump once a weekend has been seen: the step from the day before was the same a week ago."""
    if start < WEEK_HOURS + DAY_HOURS:
        return False
    run = np.arange(start, start + RUN_HOURS)
    step = values[run] - values[run - DAY_HOURS]
    step_then = values[run - WEEK_HOURS] - values[run - WEEK_HOURS - DAY_HOURS]
    return float(np.median(np.abs(step - step_then))) < least / 2
