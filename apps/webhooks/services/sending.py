"""Sends what waits, notes how it went, and forgets what is old."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.webhooks.models import WebhookDelivery
from apps.webhooks.ports import HookAnswer, HookMessage, HookPort
from apps.webhooks.rules.sending import (
    MOST_ATTEMPTS,
    OWN_FAULT,
    SWITCHED_OFF,
    body_of,
    is_taken,
    next_wait_s,
)
from apps.webhooks.selectors import first_of_each
from dce_portal.sealing import unseal
from dce_portal.secret import Secret

log = structlog.get_logger(__name__)

# Two after the other, each as long as an exchange may last: a round is over well before its leases are.
BATCH = 16
AT_ONCE = 8
# One receiver that hangs must not keep the others waiting.
MOST_FOR_ONE = 8
LEASE = timedelta(seconds=120)
LONGEST_EXCERPT = 1000

State = WebhookDelivery.State


def send_due(port: HookPort) -> int:
    """One round: takes what is due, sends it side by side, writes each result as it comes; returns how many."""
    rows = [row for row in _fairly() if _claim(row)]
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        sent = {pool.submit(_sent, port, row): row for row in rows}
        for future in as_completed(sent):
            _note(sent[future], future.result())
    finally:
        pool.shutdown(cancel_futures=True)
    return len(rows)


def _fairly() -> list[WebhookDelivery]:
    """The first of each webhook, and of one no more than it has places left."""
    now = timezone.now()
    leased = WebhookDelivery.objects.filter(lease_until__gt=now)
    taken = Counter(leased.values_list("webhook", flat=True))
    chosen: list[WebhookDelivery] = []
    for row in first_of_each(now, MOST_FOR_ONE):
        if taken[row.webhook_id] < MOST_FOR_ONE and len(chosen) < BATCH:
            taken[row.webhook_id] += 1
            chosen.append(row)
    return chosen


def _claim(row: WebhookDelivery) -> bool:
    """False when another worker was first, and for what never came to an end however often it was tried."""
    now = timezone.now()
    free = WebhookDelivery.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=row.pk)
    mine = free.filter(attempts=row.attempts)
    if row.attempts >= MOST_ATTEMPTS:
        mine.update(state=State.GIVEN_UP, finished_at=now, next_at=None, lease_until=None)
        return False
    is_mine = mine.update(state=State.SENDING, lease_until=now + LEASE, attempts=row.attempts + 1)
    row.attempts += 1
    return bool(is_mine)


def _message(row: WebhookDelivery) -> HookMessage | None:
    """None for a webhook that was switched off meanwhile."""
    if not row.webhook.is_active and row.kind != "ping":
        return None
    key = unseal(row.webhook.sealed_key) or Secret("")
    return HookMessage(row.webhook.url, key, str(row.uid), row.kind, body_of(row.body))


def _sent(port: HookPort, row: WebhookDelivery) -> HookAnswer:
    try:
        message = _message(row)
        return HookAnswer(problem=SWITCHED_OFF) if message is None else port.send(message)
    except Exception:
        log.exception("webhook_not_sent", webhook=row.webhook.name)
        return HookAnswer(problem=OWN_FAULT)


def _note(row: WebhookDelivery, answer: HookAnswer) -> None:
    now = timezone.now()
    facts: dict[str, Any] = {
        "lease_until": None,
        "status": answer.status,
        "excerpt": answer.excerpt[:LONGEST_EXCERPT],
        "problem": answer.problem,
        "duration_ms": answer.duration_ms,
    }
    if is_taken(answer.status):
        facts |= {"state": State.SENT, "finished_at": now, "next_at": None}
    else:
        facts |= _later(row, answer)
    WebhookDelivery.objects.filter(pk=row.pk).update(**facts)


def _later(row: WebhookDelivery, answer: HookAnswer) -> dict[str, Any]:
    now = timezone.now()
    wait_s = next_wait_s(
        attempts=row.attempts,
        status=answer.status,
        problem=answer.problem,
        retry_after_s=answer.retry_after_s,
    )
    log.warning("webhook_failed", webhook=row.webhook.name, status=answer.status, retry_in_s=wait_s)
    if wait_s is None:
        return {"state": State.GIVEN_UP, "finished_at": now, "next_at": None}
    return {"state": State.FAILED, "next_at": now + timedelta(seconds=wait_s)}


def drop_old() -> int:
    """Forget deliveries that are older than the operator keeps messages; returns how many."""
    before = timezone.now() - timedelta(days=settings.CONFIGURATION.delivery_days)
    return WebhookDelivery.objects.filter(created_at__lt=before).delete()[0]
