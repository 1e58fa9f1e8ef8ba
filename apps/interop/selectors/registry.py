"""The registry by namespace: repositories, tags and bytes; and the events that wait."""

from __future__ import annotations

from django.db.models import Count, F, Sum

from apps.accounts.models import User
from apps.interop.rules.families import Family, written
from apps.registry.models import Manifest
from apps.registry.ports import INDEX_TYPES
from apps.registry.selectors import repositories_visible_to, tags_visible_to, waiting_events


def registry_families(user: User, *, most: int) -> list[Family]:
    """Three sums by namespace, of what the person may pull."""
    repositories = Family("dce_registry_repositories", "gauge", "Repositories of the namespace.")
    tags = Family("dce_registry_tags", "gauge", "Tags of the namespace.")
    size = Family(
        "dce_registry_image_bytes",
        "gauge",
        "Images of the namespace, shared layers counted in each.",
    )
    seen = repositories_visible_to(user).filter(missing_since=None).order_by()
    own_tags = tags_visible_to(user).prefetch_related(None).filter(missing_since=None).order_by()
    images = Manifest.objects.filter(missing_since=None, repository__in=seen.values("pk"))
    images = images.exclude(media_type__in=INDEX_TYPES).order_by()
    found = (
        (repositories, seen.values(space=F("namespace__name")).annotate(n=Count("pk"))),
        (tags, own_tags.values(space=F("repository__namespace__name")).annotate(n=Count("pk"))),
        (size, images.values(space=F("repository__namespace__name")).annotate(n=Sum("size_bytes"))),
    )
    for family, rows in found:
        for name, value in rows.values_list("space", "n")[:most]:
            family.add(value, written({"namespace": name}))
    return [repositories, tags, size, *_inbox(user)]


def _inbox(user: User) -> list[Family]:
    if not user.has_perm("registry.view_registryevent"):
        return []
    waiting = Family("dce_registry_events_waiting", "gauge", "Events that are still to be applied.")
    waiting.add(waiting_events().count())
    return [waiting]
