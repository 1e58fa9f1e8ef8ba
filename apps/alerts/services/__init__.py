"""What acts in this app."""

from apps.alerts.services.announcing import (
    TOLD_KINDS,
    add_change,
    announced,
    take_untold,
    untold,
)
from apps.alerts.services.housekeeping import drop_old_alerts
from apps.alerts.services.rounds import evaluate
from apps.alerts.services.stock import make_stock_rules

__all__ = [
    "TOLD_KINDS",
    "add_change",
    "announced",
    "drop_old_alerts",
    "evaluate",
    "make_stock_rules",
    "take_untold",
    "untold",
]
