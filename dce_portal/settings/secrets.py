"""Keys that the launcher made once and keeps in files of mode 0600."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def read(folder: Path, name: str) -> str:
    """The secret's text; says how to make it where it is missing."""
    try:
        return (folder / name).read_text(encoding="ascii").strip()
    except OSError as error:
        message = f"The key {name} is not in {folder} ({error.strerror}); `make run` makes it once."
        raise ImproperlyConfigured(message) from None
