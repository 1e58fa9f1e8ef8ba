"""The pages of alerts in the admin."""

from __future__ import annotations

from apps.alerts.pages.channels import ChannelAdmin
from apps.alerts.pages.deliveries import DeliveryAdmin
from apps.alerts.pages.heartbeat import HeartbeatAdmin
from apps.alerts.pages.quiet_hours import QuietHoursAdmin
from apps.alerts.pages.routes import RouteAdmin
from apps.alerts.pages.silences import SilenceAdmin

__all__ = [
    "ChannelAdmin",
    "DeliveryAdmin",
    "HeartbeatAdmin",
    "QuietHoursAdmin",
    "RouteAdmin",
    "SilenceAdmin",
]
