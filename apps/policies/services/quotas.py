"""Counts what namespaces with a quota hold, and lets in what fits.

What a push brings is noted at once, so that two pushes at a time do not both take the last room;
what the catalogue does not have after a while is given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched

from django.db import transaction
from django.db.models import Max, Min, QuerySet, Sum
from django.utils import timezone

from apps.policies.models import NamespaceBlob, NotedPush, Quota
from apps.policies.rules.deciding import QuotaFact, refused_by_quota
from apps.registry.selectors import blobs_of_namespace, manifest_stamp, present_tags

# A push that was let through is in the catalogue within seconds; later it failed.
NOTED_FOR = timedelta(minutes=10)
ROWS_A_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a push brings: blobs with their sizes, manifests among them, and the tag that is new ("" when none is)."""

    repository: str
    blobs: Mapping[str, int]
    new_tag: str = ""


@transaction.atomic
def admit(quota: Quota, arrival: Arrival) -> str | None:
    """Note a push that fits; the sentence that says why not when it does not."""
    locked = Quota.objects.select_for_update().select_related("namespace").get(pk=quota.pk)
    fresh = _unknown(locked, arrival.blobs)
    why = refused_by_quota(_fact(locked, arrival, fresh))
    if why is None:
        _note(locked, arrival, fresh)
    return why


def _unknown(quota: Quota, blobs: Mapping[str, int]) -> dict[str, int]:
    digests = list(blobs)
    known: set[str] = set()
    for start in range(0, len(digests), ROWS_A_QUERY):
        part = digests[start : start + ROWS_A_QUERY]
        rows = NamespaceBlob.objects.filter(namespace=quota.namespace_id, digest__in=part)
        known.update(rows.values_list("digest", flat=True))
    return {digest: size for digest, size in blobs.items() if digest not in known}


def _fact(quota: Quota, arrival: Arrival, fresh: Mapping[str, int]) -> QuotaFact:
    counts_tags = quota.most_tags is not None and bool(arrival.new_tag)
    return QuotaFact(
        namespace=quota.namespace.name,
        used_bytes=quota.used_bytes,
        new_bytes=sum(fresh.values()),
        most_bytes=quota.most_bytes,
        used_tags=tags_in(quota, but=arrival) if counts_tags else 0,
        new_tags=1 if counts_tags else 0,
        most_tags=quota.most_tags,
    )


def tags_in(quota: Quota, *, but: Arrival | None = None) -> int:
    """Tags of the catalogue, and those that were let through and are not in it yet."""
    present = present_tags(quota.namespace_id)
    noted = NotedPush.objects.filter(namespace=quota.namespace_id)
    if but is not None:
        noted = noted.exclude(repository_name=but.repository, tag=but.new_tag)
        present = present.exclude(repository__name=but.repository, name=but.new_tag)
    return present.count() + len(_coming(noted, quota.namespace_id))


def _coming(noted: QuerySet[NotedPush], namespace_pk: int) -> set[tuple[str, str]]:
    """What was let through and the catalogue does not have: one query more for each 500 of them."""
    waiting = set(noted.values_list("repository_name", "tag"))
    for part in batched(sorted({tag for _name, tag in waiting}), ROWS_A_QUERY):
        tags = present_tags(namespace_pk).filter(name__in=part)
        waiting -= set(tags.values_list("repository__name", "name"))
    return waiting


def _note(quota: Quota, arrival: Arrival, fresh: Mapping[str, int]) -> None:
    now = timezone.now()
    _add_blobs(quota, fresh, noted_at=now)
    Quota.objects.filter(pk=quota.pk).update(used_bytes=quota.used_bytes + sum(fresh.values()))
    if arrival.new_tag and quota.most_tags is not None:
        NotedPush.objects.update_or_create(
            repository_name=arrival.repository,
            tag=arrival.new_tag,
            defaults={"namespace": quota.namespace, "at": now},
        )


def _add_blobs(quota: Quota, blobs: Mapping[str, int], *, noted_at: object) -> None:
    rows = [
        NamespaceBlob(
            namespace_id=quota.namespace_id,
            digest=digest,
            size_bytes=size,
            noted_at=noted_at,  # type: ignore[misc]  # a moment or None
        )
        for digest, size in blobs.items()
    ]
    NamespaceBlob.objects.bulk_create(rows, ROWS_A_QUERY, ignore_conflicts=True)


def recount_all() -> int:
    """Count every quota whose namespace changed; returns how many were counted."""
    return sum(recount(quota) for quota in Quota.objects.select_related("namespace"))


@transaction.atomic
def recount(quota: Quota, *, is_forced: bool = False) -> bool:
    """Count what the catalogue holds; what was noted and never came is given back."""
    now = timezone.now()
    noted = NamespaceBlob.objects.filter(namespace=quota.namespace_id, noted_at__isnull=False)
    NotedPush.objects.filter(namespace=quota.namespace_id, at__lt=now - NOTED_FOR).delete()
    stamp = manifest_stamp(quota.namespace_id)
    oldest = noted.aggregate(at=Min("noted_at"))["at"]
    is_due = oldest is not None and oldest < now - NOTED_FOR
    if stamp == quota.counted_as and not is_due and not is_forced:
        return False
    Quota.objects.select_for_update().get(pk=quota.pk)
    _replace(quota, dict(blobs_of_namespace(quota.namespace_id)), young=now - NOTED_FOR)
    held = NamespaceBlob.objects.filter(namespace=quota.namespace_id)
    used = held.aggregate(bytes=Sum("size_bytes"), last=Max("pk"))["bytes"] or 0
    Quota.objects.filter(pk=quota.pk).update(used_bytes=used, counted_at=now, counted_as=stamp)
    return True


def _replace(quota: Quota, blobs: Mapping[str, int], *, young: object) -> None:
    """Only what differs is written."""
    rows = dict(
        NamespaceBlob.objects.filter(namespace=quota.namespace_id).values_list("digest", "pk")
    )
    fresh = {digest: size for digest, size in blobs.items() if digest not in rows}
    _add_blobs(quota, fresh, noted_at=None)
    present = [pk for digest, pk in rows.items() if digest in blobs]
    gone = [pk for digest, pk in rows.items() if digest not in blobs]
    for part in _parts(present):
        NamespaceBlob.objects.filter(pk__in=part, noted_at__isnull=False).update(noted_at=None)
    for part in _parts(gone):
        NamespaceBlob.objects.filter(pk__in=part).exclude(noted_at__gte=young).delete()


def _parts(keys: list[int]) -> Iterable[list[int]]:
    return (keys[start : start + ROWS_A_QUERY] for start in range(0, len(keys), ROWS_A_QUERY))
