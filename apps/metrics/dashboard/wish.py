"""What the dashboard's address asks for; what it cannot mean is passed over, so that a link never fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

RANGES = {"15m": 900, "1h": 3600, "24h": 86400, "7d": 604800}
HEATS = ("cpu", "memory", "disk")
ORDERS = ("cpu", "memory", "network")
THEMES = ("dark", "light")
# A wall that turns faster cannot be read, one that turns slower is taken for one that stands.
ROTATE_S = (5, 3600)
LONGEST_NUMBER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which cluster, over which range, seen by what; and whether it hangs on a wall."""

    cluster: str = ""
    range: str = "15m"
    heat: str = "cpu"
    by: str = "cpu"
    kiosk: bool = False
    rotate_s: int = 0
    theme: str = "dark"

    @property
    def range_s(self) -> int:
        """The range in seconds."""
        return RANGES[self.range]

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - of the fields' own types
        """The address' part after the question mark, with something changed; what is usual is left out."""
        wish = replace(self, **changes)
        named = {
            "cluster": wish.cluster,
            "range": wish.range,
            "heat": wish.heat,
            "by": wish.by,
            "kiosk": "1" if wish.kiosk else "",
            "rotate": str(wish.rotate_s or ""),
            "theme": wish.theme,
        }
        return urlencode({name: text for name, text in named.items() if text not in USUAL[name]})


USUAL = {
    "cluster": ("",),
    "range": ("15m",),
    "heat": ("cpu",),
    "by": ("cpu",),
    "kiosk": ("",),
    "rotate": ("",),
    "theme": ("dark",),
}


def read_wish(asked: Mapping[str, str]) -> Wish:
    """Read the query of the address."""
    return Wish(
        cluster=asked.get("cluster", "")[:20],
        range=_one_of(RANGES, asked.get("range"), "15m"),
        heat=_one_of(HEATS, asked.get("heat"), "cpu"),
        by=_one_of(ORDERS, asked.get("by"), "cpu"),
        kiosk=asked.get("kiosk") == "1",
        rotate_s=_rotate_s(asked.get("rotate", "")),
        theme=_one_of(THEMES, asked.get("theme"), "dark"),
    )


def _one_of(known: Any, word: str | None, usual: str) -> str:  # noqa: ANN401 - a tuple or the names of a table
    return word if word is not None and word in known else usual


def _rotate_s(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER) or not int(text):
        return 0
    least, most = ROTATE_S
    return min(most, max(least, int(text)))
