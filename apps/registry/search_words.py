"""Under which words something is found by its beginning; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from apps.registry.catalogue_models import LONGEST_TERM

MOST_LABELS = 32
SEPARATORS = re.compile(r"[/._-]+")


def words_of_name(name: str) -> set[str]:
    """The name, and what follows each of its separators: `team/web-shop` is found by `web` and by `shop`."""
    starts = [0, *(match.end() for match in SEPARATORS.finditer(name))]
    return {name[start:].lower()[:LONGEST_TERM] for start in starts if name[start:]}


def words_of_labels(labels: Mapping[str, str]) -> set[str]:
    """Each label as `key=value`, and its value alone."""
    return set(_words_of_labels(list(labels.items())[:MOST_LABELS]))


def _words_of_labels(labels: list[tuple[str, str]]) -> Iterator[str]:
    for key, value in labels:
        yield f"{key}={value}".lower()[:LONGEST_TERM]
        if value.strip():
            yield value.strip().lower()[:LONGEST_TERM]
