"""Which adapter tells people."""

from __future__ import annotations

from django.conf import settings

from apps.alerts.adapters.notifier import ProcessNotifier
from apps.alerts.ports.notifier import NotifierPort


def notifier() -> NotifierPort:
    """The one that sends, within what the operator opened."""
    return ProcessNotifier(allow_private=settings.CONFIGURATION.alert_private_addresses)
