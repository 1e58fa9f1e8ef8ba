"""What a browser calls itself, in the few words by which a person knows it; pure."""

from __future__ import annotations

# The first that occurs counts: Edge says Chrome as well, and Chrome says Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def in_words(agent: str) -> str:
    """`Firefox · Linux`; what is unknown is shown as it is, shortened."""
    parts = [name for table in (BROWSERS, SYSTEMS) if (name := _first(agent, table))]
    return " · ".join(parts) or agent[:40]


def _first(agent: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in table if mark in agent), "")
