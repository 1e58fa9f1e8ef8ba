"""The registry's Celery tasks; each lets itself be called as often as you like, and runs once at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.core.cache import cache

from apps.registry.adapters.image_push import read_archive
from apps.registry.backends import open_pusher, open_registry
from apps.registry.services.decisions import store_decisions
from apps.registry.services.inbox import BATCH, apply_waiting, drop_old_events
from apps.registry.services.key_rotation import resume_key_rotation
from apps.registry.services.logins import drop_ended_logins
from apps.registry.services.own_images import publish_agent_image
from apps.registry.services.reconcile import read_older_again, reconcile
from apps.registry.services.sizes import (
    BATCH as SIZES_BATCH,
)
from apps.registry.services.sizes import keep_sizes, note_missing_names, refresh_sizes
from dce_portal.errors import PortalError, Unavailable

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)

APPLY_LOCK_S = 120
RECONCILE_LOCK_S = 1800
PUBLISH_LOCK_S = 600


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def apply_events() -> None:
    """Bring the events that wait into the catalogue, and the token endpoint's notes into the audit."""
    store_decisions()
    with _alone("apply_events", for_s=APPLY_LOCK_S) as is_first:
        if is_first:
            with open_registry() as port:
                while apply_waiting(port) == BATCH:
                    pass


@shared_task(ignore_result=True, soft_time_limit=1740, time_limit=1750)
def reconcile_catalogue() -> None:
    """Fill what events missed, mark what is gone, drop what is old."""
    drop_old_events()
    drop_ended_logins()
    with _alone("reconcile_catalogue", for_s=RECONCILE_LOCK_S) as is_first:
        if is_first:
            _reconcile()


def _reconcile() -> None:
    try:
        note_missing_names()
        with open_registry() as port:
            report = reconcile(port)
            read_older_again(port)
    except Unavailable as error:
        log.warning("registry_reconcile_put_off", reason=error.message)
    else:
        log.info("registry_reconciled", report=str(report))


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def reckon_sizes() -> None:
    """Bring the sizes of what changed up to date."""
    with _alone("reckon_sizes", for_s=APPLY_LOCK_S) as is_first:
        while is_first and refresh_sizes() == SIZES_BATCH:
            pass


@shared_task(ignore_result=True, soft_time_limit=1740, time_limit=1750)
def keep_sizes_of_day() -> None:
    """Keep today's sizes, for the growth over time."""
    with _alone("keep_sizes", for_s=RECONCILE_LOCK_S) as is_first:
        if is_first:
            keep_sizes()


@shared_task(ignore_result=True, soft_time_limit=580, time_limit=590)
def publish_own_images() -> None:
    """Put the agent's image into the registry where it is missing."""
    path: Path | None = settings.CONFIGURATION.agent_image
    if path is None or not path.exists() or settings.PATHS.read_only_file.exists():
        return
    with _alone("publish_own_images", for_s=PUBLISH_LOCK_S) as is_first:
        if is_first:
            _publish(path)


def _publish(path: Path) -> None:
    try:
        archive = read_archive(path)
        with open_registry() as registry, open_pusher() as pusher:
            publish_agent_image(path, archive, registry=registry, pusher=pusher)
    except PortalError as error:
        log.warning("agent_image_put_off", path=str(path), reason=error.message)


@shared_task(ignore_result=True)
def resume_keys() -> None:
    """Go on with a change of the signing key that the end of the controller interrupted."""
    with _alone("resume_keys", for_s=RECONCILE_LOCK_S) as is_first:
        if is_first and (operation := resume_key_rotation()):
            log.info("registry_key_rotation_resumed", operation=str(operation.pk))


@worker_ready.connect
def resume_at_start(sender: Consumer, **_unused: object) -> None:
    """Only the worker that runs operations."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        resume_keys.delay()


@worker_ready.connect
def publish_at_start(sender: Consumer, **_unused: object) -> None:
    """At once, since the next tick of beat may be a minute away."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        publish_own_images.delay()


@contextmanager
def _alone(name: str, *, for_s: int) -> Iterator[bool]:
    """True for the one worker that has the lock; it frees itself should that worker die."""
    key = f"registry:lock:{name}"
    is_first = cache.add(key, 1, timeout=for_s)
    try:
        yield is_first
    finally:
        if is_first:
            cache.delete(key)
