"""Which images a rule means, and what they are called at the other end; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

GLOB: Final = re.compile(r"[*?\[]")
_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY: Final = re.compile(rf"{_PART}(?:/{_PART})*")
LONGEST_NAME: Final = 200
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def wanted(patterns: str, names: Iterable[str]) -> list[str]:
    """Those of the names that a pattern matches, in order."""
    ones = patterns.split()
    return sorted(name for name in set(names) if any(fnmatchcase(name, one) for one in ones))


def is_wanted(patterns: str, name: str) -> bool:
    """Whether a pattern matches the name."""
    return any(fnmatchcase(name, one) for one in patterns.split())


def literal_names(patterns: str) -> list[str] | None:
    """The names themselves where none is a pattern, so that nobody need list a registry; else None."""
    names = patterns.split()
    return None if any(GLOB.search(name) for name in names) else sorted(set(names))


def placed(prefix: str, name: str) -> str:
    """The name at the destination."""
    return f"{prefix}/{name}" if prefix else name


def host_of(netloc: str) -> str:
    """Docker Hub answers under another name than people call it by."""
    return {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}.get(
        netloc, netloc
    )


def upstream_name(name: str, *, host: str) -> str:
    """Docker Hub's own images are called without their namespace, and lie in `library`."""
    return f"library/{name}" if host == "registry-1.docker.io" and "/" not in name else name


def is_repository(name: str) -> bool:
    """Whether every registry takes the name, and there is room for a namespace before it."""
    return len(name) <= LONGEST_NAME and REPOSITORY.fullmatch(name) is not None
