"""What reads webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.webhooks.models import OPEN_STATES, Webhook, WebhookDelivery
from apps.webhooks.rules.sending import matches

TONES = {"waiting": "busy", "sending": "busy", "failed": "late", "sent": "good", "given_up": "bad"}


def listening(kind: str, repository: str) -> list[Webhook]:
    """The webhooks that want to hear of this event."""
    active = Webhook.objects.filter(is_active=True)
    return [
        one
        for one in active
        if kind in one.kinds and (not repository or matches(one.patterns, repository))
    ]


def due(now: datetime) -> QuerySet[WebhookDelivery]:
    """Deliveries whose time has come and that nobody is sending."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    rows = WebhookDelivery.objects.filter(free, state__in=OPEN_STATES, next_at__lte=now)
    return rows.select_related("webhook").order_by("next_at", "pk")


def first_of_each(now: datetime, most: int) -> QuerySet[WebhookDelivery]:
    """Of each webhook those that are due for longest, so that a long queue for one hides no other."""
    order = (F("next_at"), F("pk"))
    place = Window(RowNumber(), partition_by=F("webhook"), order_by=order)
    return due(now).annotate(place=place).filter(place__lte=most)
