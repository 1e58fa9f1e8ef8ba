"""The remote-write message as protobuf; pure.

    WriteRequest { repeated TimeSeries timeseries = 1 }
    TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2 }
    Label        { string name = 1; string value = 2 }
    Sample       { double value = 1; int64 timestamp = 2 }

Four messages of two fields each: written by hand they need neither a compiler nor a library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_FIRST, _SECOND = b"\x0a", b"\x12"  # fields 1 and 2 as bytes with a length
_VALUE, _TIMESTAMP = b"\x09", b"\x10"  # field 1 as eight bytes, field 2 as a number
_DOUBLE = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class Series:
    """A metric's labels (with `__name__`) and its samples: milliseconds since 1970 and value, oldest first."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[int, float]]


def write_request(series: Iterable[Series]) -> bytes:
    """The message of all these series."""
    return b"".join(_within(_FIRST, _series(one)) for one in series)


def _series(series: Series) -> bytes:
    """Labels in the order of their names, as receivers require."""
    labels = (_within(_FIRST, _label(*pair)) for pair in sorted(series.labels.items()))
    samples = (_within(_SECOND, _sample(*pair)) for pair in series.samples)
    return b"".join((*labels, *samples))


def _label(name: str, value: str) -> bytes:
    return _within(_FIRST, name.encode()) + _within(_SECOND, value.encode())


def _sample(at_ms: int, value: float) -> bytes:
    return _VALUE + _DOUBLE.pack(value) + _TIMESTAMP + varint(at_ms)


def _within(tag: bytes, content: bytes) -> bytes:
    return tag + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
