"""The pages of alerts and their rules."""

from __future__ import annotations

from apps.alerts.admin.alerts import AlertAdmin
from apps.alerts.admin.rules import AlertRuleAdmin

__all__ = ["AlertAdmin", "AlertRuleAdmin"]
