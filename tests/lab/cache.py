"""What is dear to make and the same each time, kept under the temporary directory between runs."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .host import LabError


def cache_folder() -> Path:
    """The folder of this user's cache; one that somebody else could write to is refused."""
    folder = Path(tempfile.gettempdir()) / f"dce-lab-cache-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise LabError(f"{folder} is not this user's alone: remove it and run again.")
    return folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock between processes; it ends with its holder, however that ends."""
    with (cache_folder() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """Give the name to write to; the file takes its place once the block has ended well."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    yield part
    part.replace(path)


def keep_newest(folder: Path, pattern: str, *, count: int) -> None:
    """Remove all but the newest files of a kind."""
    files = sorted(folder.glob(pattern), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[count:]:
        file.unlink(missing_ok=True)
