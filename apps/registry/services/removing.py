"""Takes out of the catalogue what the portal itself removed from the registry: its own events tell nothing."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from apps.registry.models import Manifest, Repository, Tag


def forget_tag(tag_pk: int) -> None:
    """A tag that was taken off its manifest."""
    Tag.objects.filter(pk=tag_pk).delete()


def forget_manifest(repository: str, digest: str) -> None:
    """A manifest that was deleted, with the tags that pointed at it."""
    Manifest.objects.filter(repository__name=repository, digest=digest).delete()


@transaction.atomic
def forget_repositories(names: Iterable[str]) -> list[str]:
    """Repositories whose last trace left the registry; one that was pushed to again stays."""
    empty = Repository.objects.filter(name__in=list(names)).exclude(
        pk__in=Tag.objects.filter(missing_since=None).values("repository")
    )
    gone = sorted(empty.values_list("name", flat=True))
    empty.delete()
    return gone
