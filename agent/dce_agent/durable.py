"""Files that are there whole or not at all, after a power cut as well."""

from __future__ import annotations

import os


def write(path: str, content: str, *, mode: int = 0o600) -> None:
    """Put a file in place of another at once."""
    part = f"{path}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(handle, mode)
        file.write(content)
        file.flush()
        os.fsync(handle)
    move(part, path)


def move(source: str, target: str) -> None:
    """Rename, and have the folder remember it."""
    os.replace(source, target)
    folder = os.open(os.path.dirname(target), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def text_of(path: str) -> str:
    """A file's text; nothing where there is no such file."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
