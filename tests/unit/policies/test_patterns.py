"""Patterns: what they fit, and that none is slow."""

from __future__ import annotations

import time

import pytest

from apps.policies.rules.patterns import below_namespace, is_usable, matches


@pytest.mark.parametrize(
    ("text", "name", "fits"),
    [
        ("v*", "v1.0", True),
        ("v*", "dev", False),
        ("v?", "v12", False),
        ("*", "tools/cron", True),
        ("release-*, stable", "stable", True),
        ("", "anything", False),
        ("v1.0", "v1x0", False),
    ],
)
def test_what_a_pattern_fits(text: str, name: str, fits: bool) -> None:
    assert matches(text, name) is fits


def test_no_pattern_is_slow() -> None:
    began = time.monotonic()
    assert not matches("*a" * 60 + "b", "a" * 128)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", ["[a-z]*", "a b", "$", ",".join(["x"] * 21)])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    assert not is_usable(text)


def test_the_name_below_the_namespace() -> None:
    assert below_namespace("team/tools/cron") == "tools/cron"
    assert below_namespace("team") == "team"
