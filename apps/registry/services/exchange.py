"""What other apps need to carry images in and out, and to look into them: doors, tags, the registry itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from apps.registry import backends
from apps.registry.models import Tag
from apps.registry.ports import Door, RegistryPort


def open_reading_door() -> AbstractContextManager[Door]:
    """A door through which a helper program may pull anything."""
    return backends.open_door(may_push=False)


def open_writing_door() -> AbstractContextManager[Door]:
    """A door through which a helper program may pull and push anything."""
    return backends.open_door(may_push=True)


def own_registry() -> AbstractContextManager[RegistryPort]:
    """The registry itself, for reading."""
    return backends.open_registry()


def present_tags() -> Iterator[tuple[str, str, str]]:
    """Repository, tag and digest of every tag that the registry holds, in the order of their names."""
    rows = Tag.objects.filter(missing_since=None, repository__missing_since=None)
    ordered = rows.order_by("repository__name", "name")
    yield from ordered.values_list("repository__name", "name", "manifest__digest").iterator()
