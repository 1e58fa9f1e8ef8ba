"""Reads the names of images that services and containers run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Uses:
    """Tags and digests in use, by repository."""

    tags: dict[str, set[str]] = field(default_factory=dict)
    digests: dict[str, set[str]] = field(default_factory=dict)


def uses_of(images: Iterable[str]) -> Uses:
    """What these images name; under which host the registry was reached plays no part."""
    uses = Uses()
    for image in images:
        repository, tag, digest = read_reference(image)
        if tag:
            uses.tags.setdefault(repository, set()).add(tag)
        if digest:
            uses.digests.setdefault(repository, set()).add(digest)
    return uses


def read_reference(image: str) -> tuple[str, str, str]:
    """Repository without its host, tag and digest; docker means latest where neither stands."""
    name, _at, digest = image.partition("@")
    head, _slash, rest = name.partition("/")
    if rest and ("." in head or ":" in head or head == "localhost"):
        name = rest
    path, _colon, tag = name.rpartition(":")
    if not path:
        path, tag = name, ""
    return path, tag or ("" if digest else "latest"), digest
