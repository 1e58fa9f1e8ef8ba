"""What an outlook says: spans in the unit that fits, and why there is no line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.metrics.models import Outlook, TimeToFull
from apps.metrics.outlooks import words
from apps.metrics.outlooks.selectors import Missing

NOW = datetime(2026, 2, 12, 9, 0, tzinfo=UTC)
BLANK = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


def reaching(threshold: int, early: float, expected: float, late: float | None) -> TimeToFull:
    """Days from now."""
    return TimeToFull(
        threshold=threshold,
        early_at=NOW + timedelta(days=early),
        expected_at=NOW + timedelta(days=expected),
        late_at=None if late is None else NOW + timedelta(days=late),
    )


@pytest.mark.parametrize(
    ("early", "expected", "late", "sentence"),
    [
        (19, 22, 26, "Full in 19–26 days."),
        (22, 22, 22, "Full in about 22 days."),
        (10, 15, None, "Full in 10 days or later."),
        (0.25, 0.5, 1, "Full in 6–24 hours."),
        (0.01, 0.02, 0.03, "Full in about 1 hour."),
        (90, 120, 180, "Full in 3–6 months."),
    ],
)
def test_a_span_is_said_in_the_unit_that_fits(early, expected, late, sentence):
    assert words.full_sentence([reaching(100, early, expected, late)]) == sentence


def test_the_nearest_threshold_before_has_its_day():
    times = [reaching(80, 1, 2, 3), reaching(90, 18, 19, 20), reaching(100, 19, 22, 26)]

    assert words.full_sentence(times) == "Full in 19–26 days; 90 % on March 3."


def test_a_day_of_another_year_names_it():
    times = [reaching(90, 360, 365, 370), reaching(100, 400, 410, 420)]

    assert words.full_sentence(times) == "Full in 13–14 months; 90 % on Feb. 12, 2027."


def test_without_the_whole_nothing_is_said():
    assert words.full_sentence([reaching(80, 1, 2, 3)]) == ""


@pytest.mark.parametrize(
    ("checks", "yesterday", "last", "is_proven", "part"),
    [
        (5, 0.23, 0.4, True, f"it saves 23{BLANK}% of the error of “same hour yesterday”"),
        (5, -0.1, 0.4, False, "“same hour yesterday” was at least as good"),
        (5, 0.3, -0.2, False, "“last value” was at least as good"),
        (5, None, None, False, "repeats itself exactly"),
        (0, None, None, False, "its skill is known once"),
    ],
)
def test_a_line_or_the_reason_why_there_is_none(checks, yesterday, last, is_proven, part):
    row = Outlook(
        checks=checks,
        against_yesterday=yesterday,
        against_last_value=last,
        is_proven=is_proven,
    )

    assert part in words.skill_sentence(row)


def test_what_is_missing_says_when_it_is_there():
    missing = Missing("history", 20, 48, ready_at=NOW + timedelta(hours=28))

    said = words.missing_sentence(missing)

    assert said.startswith("20 of the 48 hours")
    assert "Feb. 13, 2026" in said
