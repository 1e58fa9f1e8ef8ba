"""What other apps need to carry images in and out, and to look into them: doors, tags, the registry itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from apps.registry import backends
from apps.registry.models import UNKNOWN_PLATFORM, Manifest, Tag
from apps.registry.ports import INDEX_TYPES, Door, RegistryPort

MOST_IMAGES = 128


def open_reading_door() -> AbstractContextManager[Door]:
    """A door through which a helper program may pull anything."""
    return backends.open_door(may_push=False)


def open_writing_door(
    takes_manifest: Callable[[bytes], bool] | None = None,
) -> AbstractContextManager[Door]:
    """A door through which a helper program may pull and push anything that `takes_manifest` does not refuse."""
    return backends.open_door(may_push=True, takes_manifest=takes_manifest)


def own_registry() -> AbstractContextManager[RegistryPort]:
    """The registry itself, for reading."""
    return backends.open_registry()


def present_tags() -> Iterator[tuple[str, str, str]]:
    """Repository, tag and digest of every tag that the registry holds, in the order of their names."""
    rows = Tag.objects.filter(missing_since=None, repository__missing_since=None)
    ordered = rows.order_by("repository__name", "name")
    yield from ordered.values_list("repository__name", "name", "manifest__digest").iterator()


def digest_behind(repository: str, reference: str) -> str | None:
    """The digest that a tag or a digest means, as the catalogue knows it; None for what it does not."""
    if ":" in reference:
        return reference
    tags = Tag.objects.filter(repository__name=repository, name=reference)
    return tags.values_list("manifest__digest", flat=True).first()


def images_behind(repository: str, digest: str) -> list[str]:
    """The images that a digest means: itself, or those of an index; none where it is not known."""
    found = Manifest.objects.filter(repository__name=repository, digest=digest).first()
    if found is None:
        return []
    if found.media_type not in INDEX_TYPES:
        return [digest]
    images = found.children.exclude(platform=UNKNOWN_PLATFORM).order_by("platform", "digest")
    return list(images.values_list("digest", flat=True)[:MOST_IMAGES])


def unknown_digests(digests: list[str]) -> list[str]:
    """Those of the digests that no repository has."""
    known = set(Manifest.objects.filter(digest__in=digests).values_list("digest", flat=True))
    return [digest for digest in digests if digest not in known]
