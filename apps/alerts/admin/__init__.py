"""The pages of alerts, their rules, and of what tells people."""

from __future__ import annotations

from apps.alerts.admin.alerts import AlertAdmin
from apps.alerts.admin.rules import AlertRuleAdmin
from apps.alerts.pages.channels import ChannelAdmin
from apps.alerts.pages.deliveries import DeliveryAdmin
from apps.alerts.pages.heartbeat import HeartbeatAdmin
from apps.alerts.pages.quiet_hours import QuietHoursAdmin
from apps.alerts.pages.routes import RouteAdmin
from apps.alerts.pages.silences import SilenceAdmin

__all__ = [
    "AlertAdmin",
    "AlertRuleAdmin",
    "ChannelAdmin",
    "DeliveryAdmin",
    "HeartbeatAdmin",
    "QuietHoursAdmin",
    "RouteAdmin",
    "SilenceAdmin",
]
