"""What reads in this app: alerts and rules, each only for those who may see them."""

from apps.alerts.selectors.visible import (
    OpenAlert,
    alerts_visible_to,
    may_watch,
    open_alerts,
    open_count,
    rules_visible_to,
)

__all__ = [
    "OpenAlert",
    "alerts_visible_to",
    "may_watch",
    "open_alerts",
    "open_count",
    "rules_visible_to",
]
