"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.accounts.security import browsers
from apps.accounts.services import drop_old_audit, store_uses

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def store_token_uses() -> None:
    """Bring what processes noted of tokens' and robots' uses to their rows."""
    store_uses()


@shared_task(ignore_result=True, soft_time_limit=240, time_limit=300)
def drop_old_entries() -> None:
    """Remove audit entries that are older than they are kept."""
    if dropped := drop_old_audit():
        log.info("audit_entries_dropped", count=dropped)


@shared_task(ignore_result=True)
def drop_ended_sessions() -> None:
    """Drop sessions that are over, and the rows that told of them."""
    browsers.drop_ended()
