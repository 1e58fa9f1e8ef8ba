"""The Celery tasks of this app."""

from __future__ import annotations

from celery import shared_task

from apps.replication.services import caching, listening


@shared_task(ignore_result=True, soft_time_limit=60, time_limit=70)
def start_due() -> None:
    """Start the rule or the refresh whose time has come."""
    if not listening.start_due():
        caching.start_due_refresh()


@shared_task(ignore_result=True)
def mark_caches() -> None:
    """Put right what nginx looks for, should a file have been lost."""
    caching.mark_all()
