"""Sends what waits, notes how it went, and forgets what is old."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.webhooks.models import WebhookDelivery
from apps.webhooks.ports import HookAnswer, HookMessage, HookPort
from apps.webhooks.rules.sending import SWITCHED_OFF, body_of, is_taken, next_wait_s
from apps.webhooks.selectors import due
from dce_portal.sealing import unseal
from dce_portal.secret import Secret

log = structlog.get_logger(__name__)

BATCH = 40
AT_ONCE = 8
# One receiver that hangs must not keep the others waiting.
MOST_FOR_ONE = 8
LEASE = timedelta(seconds=120)
LONGEST_EXCERPT = 1000

State = WebhookDelivery.State


def send_due(port: HookPort) -> int:
    """One round: takes what is due, sends it side by side, writes the results; returns how many."""
    rows = [row for row in _fairly() if _claim(row)]
    if not rows:
        return 0
    messages = [_message(row) for row in rows]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda one: _sent(port, one), messages))
    for row, answer in zip(rows, answers, strict=True):
        _note(row, answer)
    return len(rows)


def _fairly() -> list[WebhookDelivery]:
    taken: dict[int, int] = {}
    chosen: list[WebhookDelivery] = []
    for row in due(timezone.now())[: BATCH * 5]:
        count = taken.get(row.webhook_id, 0)
        if count < MOST_FOR_ONE and len(chosen) < BATCH:
            taken[row.webhook_id] = count + 1
            chosen.append(row)
    return chosen


def _claim(row: WebhookDelivery) -> bool:
    """False when another worker was first."""
    now = timezone.now()
    free = WebhookDelivery.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=row.pk)
    is_mine = free.filter(attempts=row.attempts).update(
        state=State.SENDING, lease_until=now + LEASE, attempts=row.attempts + 1
    )
    row.attempts += 1
    return bool(is_mine)


def _message(row: WebhookDelivery) -> HookMessage | None:
    """None for a webhook that was switched off meanwhile."""
    if not row.webhook.is_active and row.kind != "ping":
        return None
    key = unseal(row.webhook.sealed_key) or Secret("")
    return HookMessage(row.webhook.url, key, str(row.uid), row.kind, body_of(row.body))


def _sent(port: HookPort, message: HookMessage | None) -> HookAnswer:
    return HookAnswer(problem=SWITCHED_OFF) if message is None else port.send(message)


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
