"""What differs between what is stored and what was seen, keyed by the outside's own ids; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class HasNativeId(Protocol):
    """Anything that the outside named."""

    @property
    def native_id(self) -> str:
        """The outside's id."""
        ...


@dataclass(frozen=True, slots=True)
class Difference[Item: HasNativeId]:
    """What to create, what to change (before, after) and what to remove, so that stored equals seen."""

    created: tuple[Item, ...] = ()
    changed: tuple[tuple[Item, Item], ...] = ()
    removed: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.created or self.changed or self.removed)

    @property
    def to_write(self) -> tuple[Item, ...]:
        """What has to be written: the new, and the changed as they are now."""
        return self.created + tuple(after for _before, after in self.changed)

    @property
    def ids_to_delete(self) -> list[str]:
        """The ids of what is gone."""
        return [item.native_id for item in self.removed]


def compare[Item: HasNativeId](
    stored: Mapping[str, Item], seen: Iterable[Item]
) -> Difference[Item]:
    """Compare by equality; of two that were seen under one id, the later counts."""
    present = {item.native_id: item for item in seen}
    return Difference(
        created=tuple(item for key, item in present.items() if key not in stored),
        changed=tuple(
            (stored[key], item)
            for key, item in present.items()
            if key in stored and stored[key] != item
        ),
        removed=tuple(item for key, item in stored.items() if key not in present),
    )


def applied[Item: HasNativeId](
    stored: Mapping[str, Item], difference: Difference[Item]
) -> dict[str, Item]:
    """What is stored once the difference has been written."""
    gone = set(difference.ids_to_delete)
    kept = {key: item for key, item in stored.items() if key not in gone}
    return {**kept, **{item.native_id: item for item in difference.to_write}}
