"""The Celery tasks of this app."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task
from django.core.cache import cache

from apps.scanning import backends
from apps.scanning.services.policies import mark_all
from apps.scanning.services.scanning import LOCK, LOCK_S, drop_orphans, scan_next

ROUND_S: Final = 60.0


@shared_task(ignore_result=True, soft_time_limit=900, time_limit=960)
def scan_waiting() -> None:
    """Scan what waits, one image at a time and for about a minute, so that the worker has hands left."""
    scanner = backends.scanner()
    if scanner is None or not cache.add(LOCK, 1, timeout=LOCK_S):
        return
    try:
        until = time.monotonic() + ROUND_S
        while scan_next(scanner) and time.monotonic() < until:
            pass
    finally:
        cache.delete(LOCK)


@shared_task(ignore_result=True)
def mark_guarded() -> None:
    """Put right what nginx looks for, should a file have been lost."""
    mark_all()


@shared_task(ignore_result=True, time_limit=300)
def drop_old_reports() -> None:
    """Forget what was found in images that are gone."""
    drop_orphans()
