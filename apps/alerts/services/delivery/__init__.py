"""From the outbox of alerts to people: routes, groups, quiet hours, messages, attempts."""

from apps.alerts.services.delivery.round import deliver

__all__ = ["deliver"]
