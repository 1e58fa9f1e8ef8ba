"""An hour of figures as a small PNG, written without a library for pictures. Pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from apps.alerts.rules.bars import columns_of, floor_of

WIDTH, HEIGHT, EDGE = 480, 120, 6
PAPER, LINE_OF_BOUND = (255, 255, 255), (120, 120, 128)
GRID = (232, 232, 236)
INKS = {"critical": (200, 40, 45), "warning": (196, 120, 0), "info": (45, 100, 210)}
SHADE = 0.22
DASH = 6

Colour = tuple[int, int, int]


def chart(values: Sequence[float | None], *, bound: float | None, severity: str) -> bytes | None:
    """The figures as an area with the rule's value as a dashed line; None where nothing is known."""
    columns = columns_of(values, width=WIDTH)
    known = [value for value in columns if value is not None]
    if len(known) < 2:
        return None
    low = floor_of(known)
    high = max(*known, bound if bound is not None else known[0]) or 1.0
    heights = [_height(value, low, high) for value in _stretched(columns)]
    canvas = [[PAPER] * WIDTH for _row in range(HEIGHT)]
    _draw_grid(canvas)
    ink = INKS.get(severity, INKS["info"])
    for column, height in enumerate(heights):
        _draw_column(canvas, column, height, ink)
    if bound is not None and low <= bound <= high:
        _draw_bound(canvas, _height(bound, low, high) or 0.0)
    return _png(canvas)


def _stretched(columns: Sequence[float | None]) -> list[float | None]:
    """One value for each column of the picture, straight lines between those that are known neighbours."""
    last = len(columns) - 1
    return [_between(columns, x * last / (WIDTH - 1)) for x in range(WIDTH)]


def _between(columns: Sequence[float | None], place: float) -> float | None:
    index = int(place)
    left, right = columns[index], columns[min(index + 1, len(columns) - 1)]
    if left is None or right is None:
        return left if place == index else None
    return left + (right - left) * (place - index)


def _height(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    return EDGE + (value - low) / (high - low or 1.0) * (HEIGHT - 2 * EDGE)


def _draw_grid(canvas: list[list[Colour]]) -> None:
    for quarter in range(1, 4):
        canvas[HEIGHT * quarter // 4] = [GRID] * WIDTH


def _draw_column(
    canvas: list[list[Colour]], column: int, height: float | None, ink: Colour
) -> None:
    """Shade up to the height and a line of two pixels at its top, softened where it falls between pixels."""
    if height is None:
        return
    top = HEIGHT - height
    for row in range(max(0, int(top) - 1), HEIGHT):
        strength = max(0.0, 1.0 - abs(row - top) / 1.5)
        canvas[row][column] = _mixed(
            canvas[row][column], ink, max(strength, SHADE if row > top else 0.0)
        )


def _draw_bound(canvas: list[list[Colour]], height: float) -> None:
    row = min(HEIGHT - 1, max(0, round(HEIGHT - height)))
    for column in range(WIDTH):
        if column // DASH % 2 == 0:
            canvas[row][column] = LINE_OF_BOUND


def _mixed(paper: Colour, ink: Colour, strength: float) -> Colour:
    red, green, blue = (
        round(one + (other - one) * strength) for one, other in zip(paper, ink, strict=True)
    )
    return red, green, blue


def _png(canvas: list[list[Colour]]) -> bytes:
    rows = b"".join(b"\0" + bytes(part for pixel in row for part in pixel) for row in canvas)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
