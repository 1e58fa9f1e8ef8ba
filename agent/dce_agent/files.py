"""Read the kernel's small text files, and take numbers out of them without parsing the rest."""

from __future__ import annotations

import os
from math import nan

CHUNK_BYTES = 16_384


def read(path: str) -> bytes:
    """The whole file; nothing where it is gone, forbidden or of a group that has just ended."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return _read_to_end(handle)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _read_to_end(handle: int) -> bytes:
    text = os.read(handle, CHUNK_BYTES)
    while chunk := os.read(handle, CHUNK_BYTES) if text else b"":
        text += chunk
    return text


def number(text: bytes) -> float:
    """The first word as a number; NaN for `max`, for nothing and for what is no number."""
    words = text.split(None, 1)
    return _float(words[0]) if words else nan


def figure(text: bytes, name: bytes, *, separator: bytes = b" ") -> float:
    """The number after a name at the start of a line (`name 12`); NaN where there is none."""
    label = name + separator
    if text.startswith(label):
        return number(text[len(label) : len(label) + 32])
    at = text.find(b"\n" + label)
    if at < 0:
        return nan
    start = at + 1 + len(label)
    return number(text[start : start + 32])


def pressure_s(text: bytes, level: bytes) -> float:
    """Seconds that tasks have waited so far, from a pressure file; `level` is `some` or `full`."""
    for line in text.splitlines():
        if line.startswith(level):
            return _float(line.rpartition(b"total=")[2]) / 1e6
    return nan


def _float(word: bytes) -> float:
    try:
        return float(int(word))
    except ValueError:
        return nan
