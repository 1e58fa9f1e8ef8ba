"""The alerts that are open, as lines of the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.alerts.selectors import open_alerts
from apps.nodes.models import Cluster

# The theme's tones, the worst first: what an alert does to the dashboard's first line.
ALERT_TONES = {"critical": "bad", "error": "bad", "warning": "late", "info": "off"}
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One open alert: how bad, what, since when, and where it is told in full."""

    severity: str
    title: str
    since: datetime
    url: str
    words: str = ""

    @property
    def tone(self) -> str:
        """The tone of its severity; one that nobody knows is taken seriously."""
        return ALERT_TONES.get(self.severity, "late")


def open_alerts_of(user: User, cluster: Cluster) -> Sequence[AlertLine]:
    """The alerts of this cluster that are open and that the person may see, the worst first."""
    return [
        AlertLine(
            one.severity, f"{one.title}: {one.subject}", one.since, one.url, one.severity_words
        )
        for one in open_alerts(user, cluster, most=MOST_LINES)
    ]
