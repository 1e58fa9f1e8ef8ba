"""Which adapter sends."""

from __future__ import annotations

from django.conf import settings

from apps.webhooks.adapters.http_hook import HttpHook
from apps.webhooks.ports import HookPort


def hook() -> HookPort:
    """The one that sends, within what the operator opened."""
    return HttpHook(allow_private=settings.CONFIGURATION.webhook_private_addresses)
