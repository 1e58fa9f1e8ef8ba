"""Which measured object is whose, remembered by the poll worker, so that a poll need not ask for a thousand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Ref = tuple[str, int]
MOST_KEYS = 500_000


@dataclass(slots=True)
class ObjectKeys:
    """Primary keys of MetricObject rows by kind and the primary key of what is measured."""

    _known: dict[Ref, int] = field(default_factory=dict)

    def get(self, ref: Ref) -> int | None:
        """The object's key, or None when it is not known here."""
        return self._known.get(ref)

    def know(self, refs: Iterable[Ref]) -> bool:
        """Whether all of them are known."""
        return all(ref in self._known for ref in refs)

    def learn(self, keys: Mapping[Ref, int]) -> None:
        """Remember rows that were just written."""
        if len(self._known) > MOST_KEYS:
            self._known.clear()
        self._known.update(keys)

    def forget(self) -> None:
        """Ask for all again: a write failed, perhaps since one of them is gone."""
        self._known.clear()


object_keys = ObjectKeys()
