"""Text from outside as every database takes it: PostgreSQL refuses NUL, and no encoding has lone surrogates."""

from __future__ import annotations

from typing import Any


def storable_text(text: str) -> str:
    """The text with NUL made visible, and a question mark for what no encoding has."""
    return text.replace("\x00", "␀").encode(errors="replace").decode()


def storable(value: object) -> Any:  # noqa: ANN401 - as it came
    """The same for every text in a JSON document, names of fields included."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, (list, tuple)) else value
