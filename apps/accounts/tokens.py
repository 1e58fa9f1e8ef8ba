"""The form of the portal's tokens, such as `dcep_<key>_<secret><checksum>`; pure, no database.

The key finds the row, the secret proves the right, and the checksum tells a mistyped token
from an unknown one without asking the database. All three are letters and digits, so that
a token survives shells, URLs and a double click.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import zlib
from dataclasses import dataclass
from functools import cache

PREFIX = "dcep_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEY_LENGTH = 12
SECRET_LENGTH = 40
CHECKSUM_LENGTH = 6
_REST_LENGTH = KEY_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH


@dataclass(frozen=True, slots=True)
class TokenText:
    """A whole token that passed its checksum; `repr` shows the public part only."""

    key: str
    whole: str

    def __repr__(self) -> str:
        """The public part."""
        return f"TokenText({self.whole.partition('_')[0]}_{self.key}…)"


def looks_like_token(text: str) -> bool:
    """True for what can only be meant as a personal token."""
    return text.startswith(PREFIX)


def generate(*, prefix: str = PREFIX, key: str = "") -> TokenText:
    """Make a new token from the system's random source; the prefix says what it opens.

    A key that is given stays, so that a rotated secret still finds its row.
    """
    key, secret = key or _random(KEY_LENGTH), _random(SECRET_LENGTH)
    body = f"{prefix}{key}_{secret}"
    return TokenText(key=key, whole=body + checksum(body))


def parse(text: str, *, prefix: str = PREFIX) -> TokenText | None:
    """Read a token as it was sent; None when it is mistyped or cut off."""
    if len(text) != len(prefix) + _REST_LENGTH or not text.isascii():
        return None
    body, given = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    if not hmac.compare_digest(checksum(body), given):
        return None
    key, _separator, _secret = body.removeprefix(prefix).partition("_")
    return TokenText(key=key, whole=text) if len(key) == KEY_LENGTH else None


def checksum(body: str) -> str:
    """CRC32 in base 62, padded: it finds typing errors, it protects nothing."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits


@cache
def pepper_of(secret_key: str) -> bytes:
    """The key of all digests here, derived from the portal's own, so that a leaked table is of no use."""
    return hmac.digest(secret_key.encode(), b"apps.accounts.tokens", hashlib.sha256)


def digest_of(*parts: str, pepper: bytes) -> str:
    """A keyed SHA-256 over the parts, each with its length, so that no two splits are alike."""
    message = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
    return hmac.digest(pepper, message, hashlib.sha256).hex()


def matches(digest: str, expected: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(digest, expected)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
