"""Which groups and teams here follow from the groups that somebody has outside; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """Names of groups and teams."""

    groups: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


def places_of(names: Iterable[str], mapping: Mapping[str, tuple[str, ...]]) -> Places:
    """Where who is in these outside groups belongs."""
    return _places(place for name in names for place in mapping.get(name, ()))


def ruled_places(mapping: Mapping[str, tuple[str, ...]]) -> Places:
    """Every group and team that the mapping gives and takes; all others are left as they are."""
    return _places(place for places in mapping.values() for place in places)


def short_names(names: Iterable[str]) -> frozenset[str]:
    """Groups by their own name: `cn=devs,ou=groups,dc=example` is `devs`, and `/staff/devs` stays."""
    return frozenset(_short(name) for name in names)


def _short(name: str) -> str:
    first, _comma, _rest = name.partition(",")
    attribute, equals, value = first.partition("=")
    return value.strip() if equals and attribute.strip().lower() == "cn" else name


def _places(places: Iterable[str]) -> Places:
    pairs = [place.split(":", 1) for place in places]
    return Places(
        groups=frozenset(name for kind, name in pairs if kind == "group"),
        teams=frozenset(name for kind, name in pairs if kind == "team"),
    )
