"""Sends a message of the history once more, as it was."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.alerts.models import Delivery
from dce_portal.errors import Conflict
from dce_portal.operations import Target
from dce_portal.origin import Origin

COPIED = ("channel", "channel_name", "route", "kind", "severity", "title", "text", "facts", "curve")


def send_again(delivery: Delivery, *, origin: Origin) -> Delivery:
    """A new row with the same words; the old one keeps what became of it."""
    if delivery.channel is None:
        raise Conflict(_("Its channel is gone; nothing was sent."))
    if delivery.is_open:
        raise Conflict(_("This message is on its way already; nothing was changed."))
    with transaction.atomic():
        facts = {name: getattr(delivery, name) for name in COPIED}
        again = Delivery.objects.create(**facts, next_at=timezone.now())
        again.alerts.set(delivery.alerts.all())
        target = Target("delivery", str(again.pk), delivery.title)
        detail = {"channel": delivery.channel_name, "of": delivery.pk}
        record_audit("delivery.resend", origin=origin, target=target, detail=detail)
    return again
