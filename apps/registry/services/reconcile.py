"""Compares the catalogue with the registry itself, and fills what events missed.

First everything is read; only a registry that answered every question changes anything. What
the registry no longer lists is marked missing, never deleted, and not even marked when so much
would vanish at once that the registry is more likely to be wrong than the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.registry.models import Manifest, Repository, Tag
from apps.registry.ports import RegistryPort
from apps.registry.rights import namespace_of
from apps.registry.selectors import namespace_names
from apps.registry.services import catalogue, contents
from apps.registry.services.catalogue import Push
from apps.registry.services.vanished import mark_vanished
from dce_portal.errors import NotFound, Unavailable

log = structlog.get_logger(__name__)

DOUBTFUL_SHARE = 0.3
DOUBTFUL_LEAST = 10
READ_AGAIN_A_TIME = 500

Found = Mapping[str, Mapping[str, str]]
"""Tag to digest, by repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileReport:
    """What a reconcile did."""

    filled_tags: int
    missing_repositories: int
    missing_tags: int
    is_doubtful: bool = False


def reconcile(port: RegistryPort) -> ReconcileReport:
    """Fill and mark; Unavailable when the registry did not answer, and then nothing changed."""
    began = timezone.now()
    found = _read_everything(port)
    filled = sum(_fill_repository(port, name, tags, began) for name, tags in found.items())
    gone_repositories, gone_tags = _gone(found, began)
    if _is_doubtful(gone_repositories, gone_tags):
        log.error("registry_reconcile_doubtful", tags=len(gone_tags))
        return ReconcileReport(
            filled_tags=filled, missing_repositories=0, missing_tags=0, is_doubtful=True
        )
    _mark(Repository.objects.all(), gone_repositories, at=began)
    _mark(Tag.objects.all(), gone_tags, at=began)
    mark_vanished(port, at=began)
    return ReconcileReport(
        filled_tags=filled,
        missing_repositories=len(gone_repositories),
        missing_tags=len(gone_tags),
    )


def _read_everything(port: RegistryPort) -> Found:
    """All tags with their digests, of repositories whose namespace exists."""
    known = namespace_names()
    names = [name for name in port.repositories() if namespace_of(name) in known]
    return {name: _read_tags(port, name) for name in names}


def _read_tags(port: RegistryPort, repository: str) -> dict[str, str]:
    """A repository whose last tag was deleted stays listed, and may answer that it is unknown."""
    digests: dict[str, str] = {}
    try:
        tags = port.tags(repository)
    except NotFound:
        return digests
    for tag in tags:
        try:
            digests[tag] = port.digest_of(repository, tag=tag)
        except NotFound:  # deleted since the list was made
            continue
    return digests


def _fill_repository(
    port: RegistryPort, name: str, tags: Mapping[str, str], began: datetime
) -> int:
    """Store the tags that are new, or point elsewhere than is known; returns how many."""
    rows = Tag.objects.filter(repository__name=name, missing_since=None, manifest__is_complete=True)
    known = dict(rows.values_list("name", "manifest__digest"))
    fresh = {tag: digest for tag, digest in tags.items() if known.get(tag) != digest}
    for tag, digest in fresh.items():
        _fill_tag(port, repository=name, tag=tag, digest=digest, began=began)
    Repository.objects.filter(name=name, missing_since__isnull=False).update(missing_since=None)
    return len(fresh)


def _fill_tag(
    port: RegistryPort, *, repository: str, tag: str, digest: str, began: datetime
) -> None:
    try:
        reading = catalogue.read_unknown(port, repository=repository, digest=digest)
    except NotFound:
        return
    except Unavailable as error:
        if not error.permanent:
            raise
        log.warning("registry_manifest_unreadable", repository=repository, reason=error.message)
        reading = None
    push = Push(at=began)
    with transaction.atomic():
        row = catalogue.ensure_repository(repository, at=began)
        manifest = catalogue.store_manifest(row, digest=digest, reading=reading, push=push)
        catalogue.point_tag(manifest, name=tag, push=push)


def _gone(found: Found, began: datetime) -> tuple[list[int], list[int]]:
    """Keys of repositories and tags that the registry does not list, and that are not newer than the list."""
    repositories = Repository.objects.filter(missing_since=None, created_at__lt=began)
    gone_repositories = [
        pk for pk, name in repositories.values_list("pk", "name") if name not in found
    ]
    tags = Tag.objects.filter(missing_since=None, pushed_at__lt=began)
    gone_tags = [
        pk
        for pk, repository, name in tags.values_list("pk", "repository__name", "name")
        if name not in found.get(repository, {})
    ]
    return gone_repositories, gone_tags


def _is_doubtful(repositories: list[int], tags: list[int]) -> bool:
    known_repositories = Repository.objects.filter(missing_since=None).count()
    known_tags = Tag.objects.filter(missing_since=None).count()
    return _too_many(repositories, known_repositories) or _too_many(tags, known_tags)


def _too_many(gone: list[int], known: int) -> bool:
    return len(gone) >= DOUBTFUL_LEAST and len(gone) > DOUBTFUL_SHARE * known


def _mark(rows: QuerySet[Repository] | QuerySet[Tag], keys: Iterable[int], *, at: datetime) -> None:
    """In portions, since a database takes only so many parameters."""
    remaining = list(keys)
    while remaining:
        portion, remaining = remaining[:500], remaining[500:]
        rows.filter(pk__in=portion).update(missing_since=at)


def read_older_again(port: RegistryPort) -> int:
    """Read manifests that an earlier version read less of, a bounded number at a time; returns how many."""
    older = Manifest.objects.filter(facts_version__lt=contents.FACTS_VERSION, is_complete=True)
    rows = older.order_by("facts_version", "pk").values_list("repository__name", "digest", "pk")
    keys = list(rows[:READ_AGAIN_A_TIME])
    for repository, digest, key in keys:
        _read_again(port, repository=repository, digest=digest, key=key)
    return len(keys)


def _read_again(port: RegistryPort, *, repository: str, digest: str, key: int) -> None:
    """What the registry has no more, or cannot give, is not asked for again."""
    try:
        reading = catalogue.read_unknown(port, repository=repository, digest=digest)
    except (NotFound, Unavailable) as error:
        if isinstance(error, Unavailable) and not error.permanent:
            raise
        Manifest.objects.filter(pk=key).update(facts_version=contents.FACTS_VERSION)
        return
    if reading is not None:
        with transaction.atomic():
            row = catalogue.ensure_repository(repository, at=timezone.now())
            push = Push(at=timezone.now())
            catalogue.store_manifest(row, digest=digest, reading=reading, push=push)
