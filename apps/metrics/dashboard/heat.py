"""The heat map and the sparklines as markup: written here, since a template would take long over a thousand tiles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.metrics.dashboard.nodes import NodeFact
from dce_portal.templatetags.portal import SHAPES

# From these shares on a tile is of the next level; the last two are a warning.
LEVELS = (0.25, 0.5, 0.75, 0.9)
# Few nodes have large tiles with names, many small ones.
LARGE_UP_TO, MIDDLE_UP_TO = 24, 150
PLACE = 0
SPARK_WIDTH, SPARK_HEIGHT = 120, 24


def level_of(share: float | None) -> str:
    """The step of the colour scale, 0…4; `x` where nothing is known."""
    if share is None:
        return "x"
    return str(bisect_right(LEVELS, share))


def size_of(count: int) -> str:
    """How large the tiles of so many nodes are."""
    return "l" if count <= LARGE_UP_TO else "m" if count <= MIDDLE_UP_TO else "s"


def heat_map(facts: Sequence[NodeFact], *, by: int) -> SafeString:
    """A tile a node: a colour, a number, and a shape where the node is not well."""
    address = reverse("admin:nodes_node_change", args=[PLACE])
    words, with_names = _words(), size_of(len(facts)) == "l"
    tiles = (_tile(fact, by, address, words, with_name=with_names) for fact in facts)
    return mark_safe("".join(tiles))  # noqa: S308 - names are escaped one by one


def _tile(fact: NodeFact, by: int, address: str, words: dict[str, str], *, with_name: bool) -> str:
    shares, name, word = fact.shares, escape(fact.hostname), words[fact.condition]
    wholes = [_whole(share) for share in shares]
    said = f"{wholes[by]} %" if wholes[by] else "–"
    shape = "" if fact.tone == "good" else f"<i>{SHAPES[fact.tone]}</i>"
    label = f"<b>{name}</b>" if with_name else ""
    at = int(fact.at.timestamp()) if fact.at else ""
    return (
        f'<a class="dce-heat-tile dce-heat-{level_of(shares[by])} dce-tone-{fact.tone}"'
        f' href="{address.replace(f"/{PLACE}/", f"/{fact.ref}/", 1)}" data-heat="{fact.ref}"'
        f' data-name="{name}" data-word="{word}" data-at="{at}"'
        f' data-shares="{",".join(wholes)}"'
        f' aria-label="{name}, {word}, {said}">'
        f"{label}{shape}<span>{wholes[by] or '–'}</span></a>"
    )


def _words() -> dict[str, str]:
    words = {
        "down": _("down"),
        "late": _("late"),
        "drain": _("drained"),
        "pause": _("paused"),
        "ready": _("ready"),
    }
    return {name: escape(word) for name, word in words.items()}


def _whole(share: float | None) -> str:
    return "" if share is None else str(round(100 * share))


def sparkline(line: Sequence[float | None], *, top: float | None) -> SafeString:
    """A small line over the last hour against the node's whole; where nothing came there is a gap."""
    if not top or all(value is None for value in line):
        return mark_safe("")
    strokes = " ".join(_stroke(run, line, top) for run in _runs(line))
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg class="dce-spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true"><path d="{strokes}"/></svg>'
    )


def _runs(line: Sequence[float | None]) -> list[list[int]]:
    """The places of values that follow each other without a gap."""
    runs: list[list[int]] = []
    for place, value in enumerate(line):
        if value is None:
            continue
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _stroke(run: Sequence[int], line: Sequence[float | None], top: float) -> str:
    step = _step(len(line))
    points = [f"{place * step:.4g} {_height(line[place] or 0.0, top):.4g}" for place in run]
    # A single value is a short stroke, or nobody would see it.
    return f"M{points[0]}" + (f"L{' '.join(points[1:])}" if len(points) > 1 else f"h{step:.4g}")


@cache
def _step(count: int) -> float:
    return SPARK_WIDTH / max(1, count - 1)


def _height(value: float, top: float) -> float:
    """A pixel's margin above and below, so that the line is whole at 0 and at 100 %."""
    return 1 + (SPARK_HEIGHT - 2) * (1 - min(1.0, max(0.0, value / top)))
