"""When a certificate ends, read from its DER by hand: the standard library has no public way to it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime

BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
SEQUENCE, VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
VALIDITY = 3  # after serial number, algorithm and issuer (RFC 5280, section 4.1)
TIME_FORMATS = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


def not_after_unix_s(pem: bytes) -> int | None:
    """The last second of the first certificate in the text; None where there is none that can be read."""
    try:
        return _not_after(_der(pem))
    except (ValueError, IndexError, StopIteration, binascii.Error):
        return None


def _der(pem: bytes) -> bytes:
    start = pem.index(BEGIN) + len(BEGIN)
    return base64.b64decode(pem[start : pem.index(END, start)])


def _not_after(der: bytes) -> int:
    _tag, certificate = next(_items(der))
    _tag, signed = next(_items(certificate))
    fields = [content for tag, content in _items(signed) if tag != VERSION]
    _not_before, (tag, text) = _items(fields[VALIDITY])
    moment = datetime.strptime(text.decode("ascii"), TIME_FORMATS.get(tag, "")).replace(tzinfo=UTC)
    return int(moment.timestamp())


def _items(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents, one after the other."""
    while der:
        length, head = der[1], 2
        if length & 0x80:
            head += length & 0x7F
            length = int.from_bytes(der[2:head])
        yield der[0], der[head : head + length]
        der = der[head + length :]
