"""What the dashboard shows, gathered in a number of queries that does not grow with the cluster."""

from apps.metrics.dashboard.alerts import AlertLine, open_alerts_of
from apps.metrics.dashboard.board import dashboard_of

__all__ = ["AlertLine", "dashboard_of", "open_alerts_of"]
