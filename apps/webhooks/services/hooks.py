"""Adds, changes, tries and removes webhooks; the signing key is shown once, when it is made."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.webhooks.models import CHOSEN_KINDS, EventKind, Webhook, WebhookDelivery
from apps.webhooks.services.raising import lay_out
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.sealing import seal
from dce_portal.secret import Secret

FIELDS = ("name", "url", "kinds", "patterns", "is_active")
SHORTEST_KEY = 16
KEY_PREFIX = "dceh_"


def check_url(url: str) -> None:
    """Refuse what is no address of a receiver, and one that carries a password in the clear."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = _("The address begins with http:// or https:// and names a host.")
        raise InvalidInput(message, field="url")
    if parts.username or parts.password:
        message = _("Leave user name and password out of the address; the signature proves us.")
        raise InvalidInput(message, field="url")


def check_kinds(kinds: list[str]) -> None:
    """Refuse a webhook that would never hear anything, or of what nobody tells."""
    if not kinds or not set(kinds) <= {kind for kind, _word in CHOSEN_KINDS}:
        raise InvalidInput(_("Choose at least one of the events."), field="kinds")


def save_hook(
    hook: Webhook, values: Mapping[str, Any], *, key: str | None, origin: Origin
) -> Secret | None:
    """Write a webhook; returns the signing key where a new one was made.

    A `key` of None keeps the one that is there; an empty one makes a new one. Where the receiver
    is another one now, the kept key goes on signing: it is never sent.
    """
    is_new = hook.pk is None
    for name in FIELDS:
        setattr(hook, name, values.get(name, getattr(hook, name)))
    check_url(hook.url)
    check_kinds(hook.kinds)
    made = _set_key(hook, key)
    with transaction.atomic():
        hook.save(update_fields=None if is_new else [*FIELDS, "sealed_key"])
        verb = "add" if is_new else "change"
        detail = {"url": hook.url, "kinds": hook.kinds, "key_given": key is not None}
        record_audit(f"webhook.{verb}", origin=origin, target=_target(hook), detail=detail)
    return made


def _set_key(hook: Webhook, key: str | None) -> Secret | None:
    if key is None and hook.sealed_key:
        return None
    if key and len(key) < SHORTEST_KEY:
        message = _("A signing key has at least %(n)d characters.") % {"n": SHORTEST_KEY}
        raise InvalidInput(message, field="key")
    chosen = Secret(key or KEY_PREFIX + secrets.token_urlsafe(32))
    hook.sealed_key = seal(chosen)
    return None if key else chosen


def delete_hook(hook: Webhook, *, origin: Origin) -> None:
    """Take a webhook out, with its deliveries."""
    with transaction.atomic():
        record_audit("webhook.delete", origin=origin, target=_target(hook))
        hook.delete()


@transaction.atomic
def try_hook(hook: Webhook, *, origin: Origin) -> WebhookDelivery:
    """Send a test, whether or not the webhook is switched on."""
    lay_out([hook], EventKind.PING, {"by": origin.actor_label}, repository="")
    record_audit("webhook.test", origin=origin, target=_target(hook))
    return hook.deliveries.filter(kind=EventKind.PING).latest("pk")


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, origin: Origin) -> WebhookDelivery:
    """A new row with the same body; the old one keeps what became of it."""
    if delivery.is_open:
        raise Conflict(_("This message is on its way already; nothing was changed."))
    again = WebhookDelivery.objects.create(
        webhook=delivery.webhook,
        kind=delivery.kind,
        repository=delivery.repository,
        body=delivery.body,
        next_at=timezone.now(),
    )
    target = Target("webhookdelivery", str(again.pk), str(again))
    detail = {"webhook": delivery.webhook.name, "of": delivery.pk}
    record_audit("webhookdelivery.resend", origin=origin, target=target, detail=detail)
    return again


def _target(hook: Webhook) -> Target:
    return Target("webhook", str(hook.pk), hook.name)
