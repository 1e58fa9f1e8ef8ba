"""Marks manifests that the registry has no more, though no event told of their deletion.

Tags are compared with the registry's lists; manifests without a tag are listed nowhere, so
they are asked for one by one, some at each reconcile. What is marked counts in no size and
in no quota; a push of it takes the mark away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from apps.registry.models import Manifest, Tag
from apps.registry.ports import RegistryPort
from apps.registry.services.contents import mark_stale
from dce_portal.errors import NotFound

MOST_ASKED = 200
# The platforms of a push come before their index and its tag.
PUSH_WITHIN = timedelta(hours=1)


def mark_vanished(port: RegistryPort, *, at: datetime) -> int:
    """Ask for some of what has neither tag nor index; returns how many are gone."""
    rows = _untagged(before=at - PUSH_WITHIN).order_by("?")[:MOST_ASKED]
    gone = [row for row in rows if not _is_there(port, row)]
    Manifest.objects.filter(pk__in=[row.pk for row in gone]).update(missing_since=at)
    for repository_pk in {row.repository_id for row in gone}:
        mark_stale(repository_pk)
    return len(gone)


def _untagged(*, before: datetime) -> QuerySet[Manifest]:
    tags = Tag.objects.filter(manifest=OuterRef("pk"), missing_since=None)
    indexes = Manifest.objects.filter(children=OuterRef("pk"), missing_since=None)
    rows = Manifest.objects.filter(missing_since=None, pushed_at__lt=before)
    alone = rows.filter(~Exists(tags), ~Exists(indexes))
    return alone.select_related("repository").only("digest", "repository", "repository__name")


def _is_there(port: RegistryPort, row: Manifest) -> bool:
    try:
        port.digest_of(row.repository.name, tag=row.digest)
    except NotFound:
        return False
    return True
