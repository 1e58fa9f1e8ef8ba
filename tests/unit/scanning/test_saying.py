"""What is told of a scan that failed, from what the real program printed."""

from __future__ import annotations

import json

import pytest

from apps.scanning.rules.saying import LONGEST_SAID, cause_of
from tests.standins.trivy import SAID

RECORDED = json.loads(SAID.read_text())


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("wrong credential", "UNAUTHORIZED: This token is mistyped"),
        ("no such manifest", "MANIFEST_UNKNOWN: manifest unknown"),
        ("a pull that is blocked", "DENIED: this image has 2 vulnerabilities"),
        ("no database", "there is no vulnerability database in its folder"),
        ("another database", "of another kind than it reads"),
        ("database out of reach", "could not fetch its vulnerability database: Get "),
        (
            "a layer that is no archive",
            "failed to analyze layer (sha256:93bc7efc220d716e534485d307fde9f60861a525f29b6c19d9cb8d5448f01518): walk",
        ),
        ("a server's wrong token", "twirp error unauthenticated: invalid token"),
    ],
)
def test_the_cause_is_told_and_not_what_came_of_it(case, words):
    told = cause_of(RECORDED[case])
    assert words in told
    # The registry is asked again without the password; what that is answered misleads.
    assert "authentication required" not in told
    assert "FATAL" not in told
    assert "scan error" not in told
    assert "\n" not in told


def test_anything_else_is_told_by_its_last_line_and_not_at_length():
    assert cause_of("one\n  two \n\n") == "two"
    assert cause_of("") == "?"
    assert len(cause_of("x" * 9000)) == LONGEST_SAID
