"""Writes what stands beside a manifest's row: its blobs, the words that find it, how often it was pulled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from django.db.models import F

from apps.registry.models import (
    Blob,
    Manifest,
    ManifestBlob,
    PullDay,
    Repository,
    SearchTerm,
    TagMove,
)
from apps.registry.ports import ManifestInfo
from apps.registry.search_words import words_of_labels, words_of_name

# Raised when more is read from a manifest than before; the reconcile then reads the older ones again.
FACTS_VERSION = 1


def note_contents(manifest: Manifest, info: ManifestInfo) -> None:
    """Blobs and words of one manifest, in place of those that were known."""
    blobs = _rows_of(dict(_blobs(info)))
    links = (
        ManifestBlob(manifest=manifest, blob=blob, repository_id=manifest.repository_id)
        for blob in blobs
    )
    ManifestBlob.objects.bulk_create(links, ignore_conflicts=True, batch_size=500)
    _note_labels(manifest, info)
    mark_stale(manifest.repository_id)


def _blobs(info: ManifestInfo) -> Iterator[tuple[str, int]]:
    yield info.digest, info.manifest_bytes
    if info.config_digest:
        yield info.config_digest[:160], info.config_bytes
    for layer in info.layers:
        yield layer.digest, layer.size_bytes


def _rows_of(sizes: Mapping[str, int]) -> list[Blob]:
    """One row a digest, whoever made it; the first size that came is kept, as content decides it."""
    rows = [Blob(digest=digest, size_bytes=size) for digest, size in sorted(sizes.items())]
    Blob.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return list(Blob.objects.filter(digest__in=sizes))


def _note_labels(manifest: Manifest, info: ManifestInfo) -> None:
    labels = {**info.annotations, **info.facts.get("labels", {})}
    SearchTerm.objects.filter(manifest=manifest).delete()
    SearchTerm.objects.bulk_create(
        SearchTerm(
            kind=SearchTerm.Kind.LABEL,
            text=word,
            manifest=manifest,
            repository_id=manifest.repository_id,
        )
        for word in sorted(words_of_labels(labels))
    )


def note_name(repository: Repository) -> None:
    """The words that find a repository by its name."""
    SearchTerm.objects.bulk_create(
        SearchTerm(kind=SearchTerm.Kind.NAME, text=word, repository=repository)
        for word in sorted(words_of_name(repository.name))
    )


def note_move(manifest: Manifest, *, tag_name: str, at: datetime, by: str) -> None:
    """That a tag points here from now on."""
    TagMove.objects.create(
        repository_id=manifest.repository_id,
        tag_name=tag_name,
        digest=manifest.digest,
        at=at,
        by=by,
    )


def note_pulls(repository: Repository, *, digest: str, day: date, count: int) -> None:
    """Pulls more on that day, of the repository and of the manifest."""
    digests = {"", digest}
    rows = PullDay.objects.filter(repository=repository, digest__in=digests, day=day)
    if rows.update(pulls=F("pulls") + count) == len(digests):
        return
    known = set(rows.values_list("digest", flat=True))
    PullDay.objects.bulk_create(
        PullDay(repository=repository, digest=one, day=day, pulls=count) for one in digests - known
    )


def mark_stale(repository_id: int) -> None:
    """Let the repository's size be reckoned anew."""
    Repository.objects.filter(pk=repository_id, is_size_stale=False).update(is_size_stale=True)
