"""Which measured object is whose, remembered by the poll worker, so that a poll need not ask for a thousand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Ref = tuple[str, int]
MOST_KEYS = 500_000


class HasKey(Protocol):
    """What describes a measured object."""

    @property
    def key(self) -> Ref:
        """Kind, and primary key of what is measured."""
        ...


@dataclass(slots=True)
class ObjectKeys:
    """Primary keys of MetricObject rows by kind and the primary key of what is measured."""

    _known: dict[Ref, int] = field(default_factory=dict)
    _described: dict[Ref, HasKey] = field(default_factory=dict)

    def get(self, ref: Ref) -> int | None:
        """The object's key, or None when it is not known here."""
        return self._known.get(ref)

    def know(self, refs: Iterable[Ref]) -> bool:
        """Whether all of them are known."""
        return all(ref in self._known for ref in refs)

    def news[Thing: HasKey](self, things: Sequence[Thing]) -> list[Thing]:
        """Those whose description was not written by this process, or was another."""
        return [one for one in things if self._described.get(one.key) != one]

    def learn(self, keys: Mapping[Ref, int], described: Iterable[HasKey] = ()) -> None:
        """Remember rows that were just written."""
        if len(self._known) > MOST_KEYS:
            self.forget()
        self._known.update(keys)
        self._described.update({one.key: one for one in described})

    def forget(self) -> None:
        """Ask for all again: a write failed, perhaps since one of them is gone."""
        self._known.clear()
        self._described.clear()


object_keys = ObjectKeys()
