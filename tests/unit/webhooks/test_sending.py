"""The rules of sending: what matches, what is signed, and when to try again."""

from __future__ import annotations

import pytest

from apps.webhooks.rules.sending import (
    MOST_ATTEMPTS,
    body_of,
    matches,
    next_wait_s,
    signature_of,
)


@pytest.mark.parametrize(
    ("patterns", "repository", "wanted"),
    [
        ("*", "team/app", True),
        ("team/*", "team/app", True),
        ("team/*", "team/deep/app", True),
        ("team/*", "teams/app", False),
        ("other/* team/app", "team/app", True),
        ("*/base", "team/base", True),
        ("*/base", "team/app", False),
        ("team/*", "team", True),
        ("", "team/app", False),
    ],
)
def test_patterns_choose_repositories(patterns: str, repository: str, wanted: bool) -> None:
    assert matches(patterns, repository) is wanted


def test_a_signature_is_over_moment_and_body() -> None:
    # What `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret` says.
    expected = "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
    body = body_of({"a": 1})
    assert signature_of("secret", body, moment="1700000000") == f"sha256={expected}"


def test_equal_facts_give_equal_bytes() -> None:
    assert body_of({"b": 1, "a": 2}) == body_of({"a": 2, "b": 1})


@pytest.mark.parametrize(
    ("status", "problem", "wait"),
    [
        (500, "", 10.0),
        (None, "connect", 10.0),
        (429, "", 10.0),
        (404, "", None),
        (302, "", None),
        (None, "address", None),
        (None, "off", None),
    ],
)
def test_what_may_pass_is_tried_again(status: int | None, problem: str, wait: float | None) -> None:
    assert next_wait_s(attempts=1, status=status, problem=problem) == wait


def test_waits_grow_and_end() -> None:
    waits = [
        next_wait_s(attempts=number, status=503, problem="") for number in range(1, MOST_ATTEMPTS)
    ]
    assert waits == sorted(waits, key=lambda wait: wait or 0)
    assert next_wait_s(attempts=MOST_ATTEMPTS, status=503, problem="") is None


def test_what_the_receiver_asks_for_is_kept_within_bounds() -> None:
    assert next_wait_s(attempts=1, status=429, problem="", retry_after_s=77) == 77.0
    assert next_wait_s(attempts=1, status=429, problem="", retry_after_s=10**9) == 21_600.0
