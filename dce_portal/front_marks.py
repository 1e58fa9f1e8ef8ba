"""Marks namespaces by empty files that nginx looks for, so that everybody else's pulls pass the portal by."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def mark(folder: Path, names: set[str]) -> None:
    """Make the files that are missing, remove those that are too many."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    there = {one.name for one in folder.iterdir()}
    for name in names - there:
        (folder / name).touch(mode=0o644)
    for name in there - names:
        with suppress(FileNotFoundError):
            (folder / name).unlink()
