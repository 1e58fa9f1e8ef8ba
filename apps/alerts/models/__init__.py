"""Rules, the alerts that they made, and what became of each."""

from apps.alerts.models.alerts import Alert, AlertChange
from apps.alerts.models.channels import Channel, Heartbeat, Route
from apps.alerts.models.deliveries import Delivery, Notice
from apps.alerts.models.rounds import EvaluationRound
from apps.alerts.models.rules import AlertRule, Severity
from apps.alerts.models.silences import QuietHours, Silence

__all__ = [
    "Alert",
    "AlertChange",
    "AlertRule",
    "Channel",
    "Delivery",
    "EvaluationRound",
    "Heartbeat",
    "Notice",
    "QuietHours",
    "Route",
    "Severity",
    "Silence",
]
