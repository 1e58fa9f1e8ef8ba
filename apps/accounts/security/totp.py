"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds); pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
# A phone's clock may be one step behind or ahead.
TOLERATED_STEPS = 1
SECRET_BYTES = 20


def new_secret() -> str:
    """A random secret in the base32 that apps take."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    key = base64.b32decode(secret, casefold=True)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(now_s: float) -> int:
    """The step in which a moment lies."""
    return int(now_s) // STEP_S


def matching_step(secret: str, code: str, *, now_s: float) -> int | None:
    """The step whose code this is, around now; every one is compared, so that time tells nothing."""
    plain = "".join(code.split())
    now = step_of(now_s)
    steps = range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1)
    matches = [
        step
        for step in steps
        if hmac.compare_digest(code_at(secret, step).encode(), plain.encode())
    ]
    return matches[-1] if matches else None


def address_for_apps(secret: str, *, issuer: str, name: str) -> str:
    """The `otpauth://` address that the QR code holds."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='')}"
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
    )
