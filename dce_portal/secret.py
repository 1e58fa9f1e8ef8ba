"""A secret text that prints as three stars, so that no log or traceback shows it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A password, key or address with credentials; only ``reveal()`` shows it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, to be handed on and never printed."""
        return self._value

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"
