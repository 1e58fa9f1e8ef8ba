"""Reckons what is stored, each blob once, and keeps a figure a day.

Pages read the figures from the rows of namespaces and repositories; what changed is marked
stale by whoever changes it, and reckoned a moment later.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from apps.registry.models import (
    Blob,
    ManifestBlob,
    Namespace,
    PullDay,
    Repository,
    SearchTerm,
    SizeDay,
    TagMove,
)
from apps.registry.services.contents import note_name

BATCH = 200
KEPT_DAYS = 3 * 366
MOVES_KEPT_DAYS = 2 * 366
MOST_DISK_ENTRIES = 5_000_000


def refresh_sizes() -> int:
    """Reckon the repositories that changed, then their namespaces; returns how many repositories."""
    stale = list(
        Repository.objects.filter(is_size_stale=True)
        .order_by("pk")
        .only("pk", "namespace_id")[:BATCH]
    )
    keys = [row.pk for row in stale]
    # Before the sums are read: what changes while they are reckoned is marked anew.
    Repository.objects.filter(pk__in=keys).update(is_size_stale=False)
    for key in keys:
        Repository.objects.filter(pk=key).update(stored_bytes=bytes_of_repository(key))
    for namespace in {row.namespace_id for row in stale}:
        Namespace.objects.filter(pk=namespace).update(stored_bytes=bytes_of_namespace(namespace))
    return len(keys)


def bytes_of_repository(key: int) -> int:
    """What one repository stores, each blob once."""
    return _bytes(_present().filter(repository=key).values("blob"))


def bytes_of_namespace(key: int) -> int:
    """What one namespace stores, each blob once."""
    return _bytes(_present().filter(repository__namespace=key).values("blob"))


def bytes_of_registry() -> int:
    """What the whole registry stores, each blob once, as far as manifests list it."""
    used = Blob.objects.filter(Exists(_present().filter(blob=OuterRef("pk"))))
    return int(used.aggregate(bytes=Sum("size_bytes"))["bytes"] or 0)


def _present() -> QuerySet[ManifestBlob]:
    return ManifestBlob.objects.filter(manifest__missing_since=None)


def _bytes(keys: QuerySet[ManifestBlob, Any]) -> int:
    return int(Blob.objects.filter(pk__in=keys).aggregate(bytes=Sum("size_bytes"))["bytes"] or 0)


def keep_sizes() -> None:
    """Write today's figures, the registry's on disk where it lies here; and forget what is old."""
    today = timezone.now().date()
    disk, free = _on_disk()
    SizeDay.objects.update_or_create(
        namespace=None,
        day=today,
        defaults={"stored_bytes": bytes_of_registry(), "disk_bytes": disk, "free_bytes": free},
    )
    rows = [
        SizeDay(namespace_id=key, day=today, stored_bytes=size)
        for key, size in Namespace.objects.values_list("pk", "stored_bytes")
    ]
    SizeDay.objects.filter(day=today, namespace__isnull=False).delete()
    SizeDay.objects.bulk_create(rows, batch_size=500)
    _forget()


def _forget() -> None:
    now = timezone.now()
    SizeDay.objects.filter(day__lt=(now - timedelta(days=KEPT_DAYS)).date()).delete()
    PullDay.objects.filter(day__lt=(now - timedelta(days=KEPT_DAYS)).date()).delete()
    TagMove.objects.filter(at__lt=now - timedelta(days=MOVES_KEPT_DAYS)).delete()
    Blob.objects.filter(~Exists(ManifestBlob.objects.filter(blob=OuterRef("pk")))).delete()


def _on_disk() -> tuple[int | None, int | None]:
    """Bytes of the embedded registry's folder, and those free beside it; None for a registry elsewhere."""
    folder: Path = settings.PATHS.registry_data
    if settings.REGISTRY_URL or not folder.is_dir():
        return None, None
    return sum(_file_sizes(folder)), shutil.disk_usage(folder).free


def _file_sizes(folder: Path) -> Iterator[int]:
    """Of every file below, up to a bound; what vanishes meanwhile is passed over."""
    waiting, seen = [str(folder)], 0
    while waiting and seen < MOST_DISK_ENTRIES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue


def note_missing_names() -> None:
    """Words for repositories that were known before words were kept."""
    named = SearchTerm.objects.filter(repository=OuterRef("pk"), kind=SearchTerm.Kind.NAME)
    for repository in Repository.objects.filter(~Exists(named))[: 10 * BATCH]:
        note_name(repository)
