"""Marks namespaces by empty files that nginx looks for, so that all other pulls pass the portal by."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings

from dce_portal.paths import Paths


def mark(namespaces: set[str]) -> None:
    """Make the files that are missing, remove those that are too many."""
    paths: Paths = settings.PATHS
    folder = paths.pull_guards
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    there = {one.name for one in folder.iterdir()}
    for name in namespaces - there:
        (folder / name).touch(mode=0o644)
    for name in there - namespaces:
        with suppress(FileNotFoundError):
            (folder / name).unlink()
