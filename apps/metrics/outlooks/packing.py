"""A forecast's expected values and band in few bytes: sixteen-bit steps of their range, compressed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from apps.metrics.forecast.arrays import Floats

_HEAD = struct.Struct("<BHdd")  # version, hours, step of the expected values, step of the widths
_VERSION = 1
_STEPS = 65_535


@dataclass(frozen=True, slots=True)
class Curve:
    """The expected value of each hour with the edges of its 80 % band."""

    point: Floats
    lower: Floats
    upper: Floats


def pack(curve: Curve) -> bytes:
    """Widths rather than edges, since those repeat from hour to hour; nothing is below zero."""
    point_step = _step(curve.point)
    point = _whole(curve.point, point_step)
    kept = (
        point * point_step
    )  # widths from what will be read, so that the edges are finer than the point
    widths = np.stack([kept - np.maximum(curve.lower, 0.0), curve.upper - kept])
    width_step = _step(widths)
    rows = np.concatenate([point, _whole(widths.ravel(), width_step)])
    head = _HEAD.pack(_VERSION, len(point), point_step, width_step)
    return head + zlib.compress(rows.astype("<u2").tobytes(), level=9)


def unpack(packed: bytes) -> Curve:
    """The same to one part in 65,535 of its largest value."""
    version, hours, point_step, width_step = _HEAD.unpack_from(packed)
    if version != _VERSION:
        message = f"A forecast is packed in a form of version {version}, which is not known here."
        raise ValueError(message)
    rows = np.frombuffer(zlib.decompress(packed[_HEAD.size :]), dtype="<u2").reshape(3, hours)
    point = rows[0] * point_step
    below, above = rows[1:] * width_step
    return Curve(point, np.maximum(point - below, 0.0), point + above)


def _step(values: Floats) -> float:
    return float(values.max(initial=0.0)) / _STEPS or 1.0


def _whole(values: Floats, step: float) -> Floats:
    return np.clip(np.rint(values / step), 0, _STEPS)
