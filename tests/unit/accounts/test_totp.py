"""Codes of authenticator apps, against the standard's own table."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.accounts.security import totp

# RFC 6238, appendix B (SHA-1), cut to the last six digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
TABLE = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("moment", "code"), TABLE)
def test_the_standards_table(moment, code):
    assert totp.code_at(SECRET, totp.step_of(moment)) == code


@pytest.mark.parametrize(("late_s", "fits"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(late_s, fits):
    code = totp.code_at(SECRET, totp.step_of(59 + 300))
    assert (totp.matching_step(SECRET, code, now_s=59 + 300 + late_s) is not None) is fits


@pytest.mark.parametrize("typed", ["287 082", " 287082 "])
def test_blanks_are_no_mistake(typed):
    assert totp.matching_step(SECRET, typed, now_s=59) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "２８７０８２", "abcdef"])
def test_what_is_no_code_matches_nothing(typed):
    assert totp.matching_step(SECRET, typed, now_s=59) is None


def test_the_address_for_apps_carries_name_and_secret():
    address = totp.address_for_apps(SECRET, issuer="DCE Portal", name="a:b@c d")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/DCE%20Portal:a%3Ab%40c%20d"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["DCE Portal"]}


def test_secrets_are_160_random_bits():
    first, second = totp.new_secret(), totp.new_secret()
    assert first != second
    assert len(base64.b32decode(first)) == 20
