"""What acts in this app."""

from apps.alerts.services.acknowledging import acknowledge, take_back
from apps.alerts.services.announcing import (
    TOLD_KINDS,
    add_change,
    announced,
    take_untold,
    untold,
)
from apps.alerts.services.housekeeping import drop_old_alerts
from apps.alerts.services.rounds import evaluate, note_failure
from apps.alerts.services.rules import (
    NAME_IS_TAKEN,
    check_rule,
    delete_rule,
    rule_problems,
    save_rule,
    switch_rule,
)
from apps.alerts.services.stock import make_stock_rules

__all__ = [
    "NAME_IS_TAKEN",
    "TOLD_KINDS",
    "acknowledge",
    "add_change",
    "announced",
    "check_rule",
    "delete_rule",
    "drop_old_alerts",
    "evaluate",
    "make_stock_rules",
    "note_failure",
    "rule_problems",
    "save_rule",
    "switch_rule",
    "take_back",
    "take_untold",
    "untold",
]
