"""How grave an alert is, least first."""

from __future__ import annotations

SEVERITIES = ("info", "warning", "critical")


def at_least(severity: str, least: str) -> bool:
    """Whether one is as grave as the other or graver; an unknown word counts as the gravest."""
    return _rank(severity) >= _rank(least)


def gravest(severities: list[str]) -> str:
    """The gravest of several; `info` of none."""
    return max(severities, key=_rank, default=SEVERITIES[0])


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
