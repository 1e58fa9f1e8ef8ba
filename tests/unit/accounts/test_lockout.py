"""How guessing is slowed down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from apps.accounts import lockout
from apps.accounts.lockout import FREE_TRIES, LONGEST_WAIT_S, wait_after

HOME = "192.0.2.1"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(1, 0), (FREE_TRIES - 1, 0), (FREE_TRIES, 2), (FREE_TRIES + 1, 4), (100, LONGEST_WAIT_S)],
)
def test_waiting_doubles_after_the_free_tries_up_to_a_quarter_of_an_hour(failures, wait_s):
    assert wait_after(failures) == wait_s


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def guess(secret: str, address: str = HOME) -> bool:
    return lockout.count_failure("alice", secret, address=address)


def wait_s(address: str = HOME) -> int:
    return lockout.seconds_to_wait("alice", address=address)


def test_the_same_credential_failing_again_within_seconds_is_one_try():
    with time_machine.travel(NOW, tick=False) as clock:
        assert guess("one")
        clock.shift(timedelta(seconds=1))
        assert not guess("one")
        assert guess("another")
        clock.shift(timedelta(seconds=100))
        assert guess("one")


def test_repeating_one_wrong_password_without_pause_is_not_free_for_ever():
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(12):
            guess("one")
            clock.shift(timedelta(seconds=11))
        assert wait_s() > 0


def test_guesses_at_the_same_moment_all_count(monkeypatch):
    for number in range(FREE_TRIES - 2):
        guess(f"guess {number}")
    really, meanwhile = lockout.digest_of, ["one", "two"]

    def interrupted(*parts, pepper):
        if parts[0] == "try" and meanwhile:
            guess(meanwhile.pop())
        return really(*parts, pepper=pepper)

    monkeypatch.setattr(lockout, "digest_of", interrupted)
    guess("three")
    # Three more than were free but two: one beyond the fifth.
    assert 3 <= wait_s() <= 5


def test_all_addresses_of_one_ipv6_network_are_one_client():
    for number in range(FREE_TRIES):
        guess(f"guess {number}", address=f"2001:db8::{number}")
    assert wait_s("2001:db8::ffff") > 0
    assert wait_s("2001:db8:0:1::1") == 0


def test_a_right_password_starts_afresh():
    for number in range(FREE_TRIES):
        guess(f"guess {number}")
    lockout.forget_failures("alice", address=HOME)
    assert wait_s() == 0
    assert not lockout.refuse_if_locked("alice", address=HOME)
