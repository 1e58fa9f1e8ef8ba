"""Patterns with * and ?, several with commas between; everything else stands for itself."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

MOST_PATTERNS = 20
ALLOWED = re.compile(r"[A-Za-z0-9_.*?/-]+")


def split(text: str) -> tuple[str, ...]:
    """The single patterns."""
    return tuple(part for part in (one.strip() for one in text.split(",")) if part)


def is_usable(text: str) -> bool:
    """Whether each is made of what names are made of."""
    parts = split(text)
    return len(parts) <= MOST_PATTERNS and all(ALLOWED.fullmatch(part) for part in parts)


def matches(text: str, name: str) -> bool:
    """Whether one of the patterns fits the whole name; an empty text fits nothing."""
    return any(_compiled(pattern).fullmatch(name) for pattern in split(text))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """fnmatch's form never goes back over a star, so that no pattern is slow."""
    return re.compile(fnmatch.translate(pattern))


def below_namespace(repository: str) -> str:
    """A repository's name without its namespace; of one that is a namespace's own, the whole name."""
    namespace, _slash, rest = repository.partition("/")
    return rest or namespace
