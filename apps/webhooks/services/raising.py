"""Takes in what happened and lays it out for every webhook that wants to hear of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.selectors import listening
from dce_portal.storable import storable

log = structlog.get_logger(__name__)

SEND_TASK = "apps.webhooks.tasks.send_waiting"
# Sent inside the transaction of what happened: kind, repository, payload. Receivers act on commit.
event_raised = Signal()


def raise_event(kind: str, payload: Mapping[str, Any], *, repository: str = "") -> int:
    """Tell of what happened, in the caller's transaction; sent once that commits. Returns to how many.

    `repository` is a repository's or a namespace's name, which webhooks filter by; `payload` is what
    is told: plain JSON of a bounded size, and no secret.
    """
    event_raised.send(WebhookDelivery, kind=kind, repository=repository, payload=payload)
    hooks = listening(kind, repository)
    return lay_out(hooks, kind, payload, repository=repository) if hooks else 0


def lay_out(hooks: list[Webhook], kind: str, payload: Mapping[str, Any], *, repository: str) -> int:
    """A delivery for each of these webhooks; all carry the event's one id."""
    now = timezone.now()
    body = {
        "id": str(uuid.uuid4()),
        "event": kind,
        "at": now.isoformat(),
        "portal": settings.CONFIGURATION.public_url or "",
        "repository": repository,
        "data": storable(dict(payload)),
    }
    facts = {"kind": kind, "repository": repository[:255], "body": body, "next_at": now}
    WebhookDelivery.objects.bulk_create([WebhookDelivery(webhook=hook, **facts) for hook in hooks])
    transaction.on_commit(_send_soon, robust=True)
    return len(hooks)


def _send_soon() -> None:
    """Without the broker, beat's next tick sends."""
    try:
        current_app.send_task(SEND_TASK, expires=10, retry=False, ignore_result=True)
    except OperationalError as error:
        log.warning("webhooks_wait_for_beat", error=str(error))
