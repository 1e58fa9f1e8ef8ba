"""Certificates as text: take them apart and know them by their fingerprint."""

from __future__ import annotations

import hashlib
import re
import ssl

from .errors import AgentError

LARGEST_BYTES = 64 << 10
MOST_CERTIFICATES = 16
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----"
)


def certificates(text: str) -> list[str]:
    """Every certificate in a text, each ending with a line break; other text is passed over."""
    if len(text) > LARGEST_BYTES:
        raise AgentError(f"The certificates are over {LARGEST_BYTES} bytes; nothing was changed.")
    found = [f"{block}\n" for block in _CERTIFICATE.findall(text.replace("\r\n", "\n"))]
    if len(found) > MOST_CERTIFICATES:
        raise AgentError(f"There are over {MOST_CERTIFICATES} certificates; nothing was changed.")
    return found


def fingerprint(certificate: str) -> str:
    """SHA-256 of its binary form, in hexadecimal."""
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
    except ValueError as error:
        raise AgentError("A certificate cannot be read; nothing was changed.") from error
