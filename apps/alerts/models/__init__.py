"""Rules, the alerts that they made, and what became of each."""

from apps.alerts.models.alerts import Alert, AlertChange
from apps.alerts.models.rounds import EvaluationRound
from apps.alerts.models.rules import AlertRule, Severity

__all__ = ["Alert", "AlertChange", "AlertRule", "EvaluationRound", "Severity"]
