"""How guessing is slowed down."""

from __future__ import annotations

import pytest

from apps.accounts.lockout import FREE_TRIES, LONGEST_WAIT_S, Failures, wait_after


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(1, 0), (FREE_TRIES - 1, 0), (FREE_TRIES, 2), (FREE_TRIES + 1, 4), (100, LONGEST_WAIT_S)],
)
def test_waiting_doubles_after_the_free_tries_up_to_a_quarter_of_an_hour(failures, wait_s):
    assert wait_after(failures) == wait_s


def test_the_same_credential_failing_again_within_seconds_is_one_try():
    once = Failures().after("digest", now=100.0)
    assert once.after("digest", now=101.0).count == 1
    assert once.after("another", now=101.0).count == 2
    assert once.after("digest", now=200.0).count == 2


def test_repeating_one_wrong_password_without_pause_is_not_free_for_ever():
    failures = Failures()
    for second in range(0, 121, 11):
        failures = failures.after("digest", now=float(second))
    assert failures.count > FREE_TRIES
