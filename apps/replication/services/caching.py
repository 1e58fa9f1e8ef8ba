"""Fetches images into cache namespaces: one that a person names, and all whose time has come again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.registry.services import own_registry, present_tags
from apps.replication import backends
from apps.replication.models import CacheNamespace, RemoteRegistry
from apps.replication.rules.choosing import TAG, is_repository, upstream_name
from apps.replication.services.arriving import Upstream
from apps.replication.services.carrying import Tally, Way, carry
from apps.replication.services.plans import Item, admitted, here
from apps.replication.services.running import (
    FETCH,
    LONGEST_OPERATION_S,
    counts_of,
    is_busy,
    refuse_failures,
    said_of,
)
from dce_portal.errors import Conflict, InvalidInput, NotFound
from dce_portal.front_marks import mark
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import PORTAL, Origin

if TYPE_CHECKING:
    from apps.registry.models import Namespace

log = structlog.get_logger(__name__)


def save_cache(
    cache: CacheNamespace, values: Mapping[str, Any], *, origin: Origin
) -> CacheNamespace:
    """Bind a namespace to its upstream."""
    verb = "add" if cache.pk is None else "change"
    for name, value in values.items():
        setattr(cache, name, value)
    with transaction.atomic():
        cache.save()
        target = Target("cachenamespace", str(cache.pk), str(cache))
        record_audit(f"cachenamespace.{verb}", origin=origin, target=target)
        transaction.on_commit(mark_all)
    return cache


def mark_all() -> None:
    """Mark the namespaces whose missing manifests nginx asks the portal for, and no others."""
    active = CacheNamespace.objects.filter(is_active=True)
    mark(settings.PATHS.cache_marks, set(active.values_list("namespace__name", flat=True)))


def delete_cache(cache: CacheNamespace, *, origin: Origin) -> None:
    """Unbind it; what was fetched stays."""
    with transaction.atomic():
        target = Target("cachenamespace", str(cache.pk), str(cache))
        record_audit("cachenamespace.delete", origin=origin, target=target)
        cache.delete()
        transaction.on_commit(mark_all)


@transaction.atomic
def start_fetch(cache: CacheNamespace, image: str, *, origin: Origin) -> Operation:
    """Fetch one image from upstream, called as upstream calls it: `nginx:1.27` or `library/nginx`."""
    repository, tag = split_image(image)
    if is_busy():
        raise Conflict(_("Another replication is under way; start this one when it is over."))
    names = {"namespace": cache.namespace.name, "image": f"{repository}:{tag}"}
    return start_operation(
        FETCH,
        title=_("Fetch %(image)s into %(namespace)s") % names,
        target=Target("cachenamespace", str(cache.pk), str(cache)),
        origin=origin,
        parameters={"cache": cache.pk, "repository": repository, "tag": tag},
    )


def split_image(image: str) -> tuple[str, str]:
    """Repository and tag; without one, latest."""
    head, colon, tail = image.strip().rpartition(":")
    repository, tag = (head, tail) if colon and "/" not in tail else (image.strip(), "latest")
    if not is_repository(repository) or not TAG.fullmatch(tag):
        message = _("Name an image as upstream does, such as nginx:1.27.")
        raise InvalidInput(message, field="image")
    return repository, tag


def start_due_refresh() -> bool:
    """Compare a cache namespace's tags with upstream where that was long ago."""
    if is_busy():
        return False
    now = timezone.now()
    for cache in CacheNamespace.objects.filter(is_active=True).select_related("namespace"):
        since = cache.refreshed_at or cache.created_at
        if now - since >= timedelta(minutes=cache.refresh_minutes):
            _start_refresh(cache)
            return True
    return False


@transaction.atomic
def _start_refresh(cache: CacheNamespace) -> None:
    CacheNamespace.objects.filter(pk=cache.pk).update(refreshed_at=timezone.now())
    start_operation(
        FETCH,
        title=_("Look upstream for newer images of %(name)s") % {"name": cache.namespace.name},
        target=Target("cachenamespace", str(cache.pk), str(cache)),
        origin=PORTAL,
        parameters={"cache": cache.pk},
    )


@operation_handler(FETCH, within_s=LONGEST_OPERATION_S)
def fetch(run: OperationRun) -> Mapping[str, Any]:
    """One image, or everything that was fetched before."""
    found = CacheNamespace.objects.select_related("namespace", "remote")
    cache = found.filter(pk=run.parameters["cache"]).first()
    if cache is None:
        raise NotFound(_("The cache namespace is gone; nothing was copied."))
    host = backends.place_of(cache.remote).host
    if repository := run.parameters.get("repository"):
        items = [_item(cache.namespace, repository, run.parameters["tag"], host=host)]
    else:
        items = list(_fetched(cache.namespace, host=host))
    tally = fetch_items(run, cache.remote, items)
    refuse_failures(tally, said_of(tally))
    return counts_of(tally)


def fetch_items(run: OperationRun, remote: RemoteRegistry, items: list[Item]) -> Tally:
    """From upstream to here, where upstream has something else than here."""
    upstream = Upstream(backends.place_of(remote), backends.copier())
    with (
        backends.remote_of(remote) as port,
        backends.own_place(upstream.weighed.takes) as own,
        own_registry() as registry,
    ):
        way = Way(
            upstream.place,
            own,
            upstream.copier,
            lambda item: here(port, registry, item),
            lambda item: admitted(upstream, registry, item),
        )
        return carry(run, way, items)


def _item(namespace: Namespace, repository: str, tag: str, *, host: str) -> Item:
    """Upstream's own name, and the same below the namespace."""
    source = upstream_name(repository, host=host)
    return Item(source, f"{namespace.name}/{source}", tag)


def _fetched(namespace: Namespace, *, host: str) -> Iterator[Item]:
    for repository, tag, _digest in present_tags():
        own, _slash, rest = repository.partition("/")
        if own == namespace.name and rest:
            yield _item(namespace, rest, tag, host=host)
