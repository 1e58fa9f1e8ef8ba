"""Reads the remote-write message by the rules of protobuf's encoding, apart from what writes it."""

from __future__ import annotations

import struct
from typing import Any

ReadSeries = tuple[dict[str, str], list[tuple[int, float]]]


def fields(message: bytes) -> list[tuple[int, Any]]:
    """Number and content of each field, by the rules of protobuf's encoding."""
    found: list[tuple[int, Any]] = []
    while message:
        tag, message = read_varint(message)
        if tag & 7 == 0:
            value, message = read_varint(message)
        elif tag & 7 == 1:
            value, message = struct.unpack("<d", message[:8])[0], message[8:]
        else:
            length, message = read_varint(message)
            value, message = message[:length], message[length:]
        found.append((tag >> 3, value))
    return found


def read_varint(message: bytes) -> tuple[int, bytes]:
    value = 0
    for position, byte in enumerate(message):
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value, message[position + 1 :]
    raise AssertionError("the number does not end")


def read_request(message: bytes) -> list[ReadSeries]:
    """Every series: its labels, and its samples as milliseconds and value."""
    return [_read_series(content) for _number, content in fields(message)]


def _read_series(content: bytes) -> ReadSeries:
    inner = fields(content)
    labels = [fields(one) for number, one in inner if number == 1]
    samples = [fields(one) for number, one in inner if number == 2]
    return (
        {name.decode(): value.decode() for (_n, name), (_v, value) in labels},
        [(at_ms, value) for (_v, value), (_t, at_ms) in samples],
    )
