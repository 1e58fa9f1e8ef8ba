"""A forecast's expected values and band in few bytes: sixteen-bit steps of their range, compressed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import Floats

_HEAD = struct.Struct("<BHdd")  # version, hours, step of the expected values, step of the widths
_VERSION = 1
_STEPS = 32_767


@dataclass(frozen=True, slots=True)
class Curve:
    """The expected value of each hour with the edges of its 80 % band."""

    point: Floats
    lower: Floats
    upper: Floats


def pack(curve: Curve) -> bytes:
    """Widths rather than edges, since those repeat from hour to hour; nothing is below zero."""
    point_step = _step(curve.point)
    point = np.rint(curve.point / point_step)
    # Widths from what will be read: of a narrow band they are finer than the steps of the point.
    kept = point * point_step
    widths = np.concatenate([kept - np.maximum(curve.lower, 0.0), curve.upper - kept])
    width_step = _step(widths)
    rows = np.concatenate([point, np.rint(widths / width_step)])
    head = _HEAD.pack(_VERSION, len(point), point_step, width_step)
    return head + zlib.compress(rows.astype("<i2").tobytes(), level=9)


def unpack(packed: bytes) -> Curve:
    """The same to one part in 32,767 of its largest value, the expected value inside its band."""
    version, hours, point_step, width_step = _HEAD.unpack_from(packed)
    if version != _VERSION:
        message = f"A forecast is packed in a form of version {version}, which is not known here."
        raise ValueError(message)
    rows = np.frombuffer(zlib.decompress(packed[_HEAD.size :]), dtype="<i2").reshape(3, hours)
    kept = rows[0] * point_step
    below, above = rows[1:] * width_step
    lower, upper = np.maximum(kept - below, 0.0), kept + above
    return Curve(np.clip(kept, lower, upper), lower, upper)


def _step(values: Floats) -> float:
    return float(np.abs(values).max(initial=0.0)) / _STEPS or 1.0
