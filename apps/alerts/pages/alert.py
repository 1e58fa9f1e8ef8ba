"""One alert's page: how it stands, what to do, who takes the most, the figures around it, and its steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.models import Alert, AlertChange, Severity
from apps.alerts.pages.links import page_of, silence_page
from apps.alerts.rules import catalogue
from apps.alerts.rules.sentences import metric_in_words, value_in_words
from apps.alerts.selectors.visible import TONES
from apps.metrics.selectors import VISIBLE, may_see

CHARTS = {
    "cpu_cores": "cpu",
    "load_1m": "cpu",
    "memory_bytes": "memory",
    "swap_used_bytes": "memory",
    "oom": "memory",
    "network_rx_bps": "network",
    "network_tx_bps": "network",
    "block_read_bps": "block",
    "block_write_bps": "block",
    "pids": "pids",
}
RANGES_S = (900, 3600, 86400, 604800)
STEP_TONES = {
    AlertChange.Kind.FIRED: "bad",
    AlertChange.Kind.CLEARED: "good",
    AlertChange.Kind.ACKNOWLEDGED: "busy",
    AlertChange.Kind.FLAPPING: "late",
    AlertChange.Kind.RELEASED: "late",
}
MOST_STEPS = 200


def alert_page(user: User, alert: Alert) -> dict[str, Any]:
    """What the template shows, in a handful of queries."""
    return {
        "alert": alert,
        "tone": tone_of_alert(alert),
        "subject_url": page_of(alert.object_kind, alert.object_ref),
        "facts": _facts(alert),
        "steps": [_step(change) for change in _steps(alert)],
        "explains": list(alert.inhibits.exclude(state=Alert.State.CLEARED)[:20]),
        "culprits": [_culprit(one) for one in alert.culprits],
        "chart": _chart(user, alert),
        "range_s": _range_s(alert, timezone.now()),
        "may_acknowledge": user.has_perm("alerts.acknowledge_alert") and alert.is_open,
        "silence_url": silence_page() if user.has_perm("alerts.add_silence") else "",
    }


def tone_of_alert(alert: Alert) -> str:
    """Its colour: none when it is over or was never told."""
    if alert.state == Alert.State.CLEARED:
        return "good"
    return "off" if alert.state == Alert.State.PENDING else TONES[Severity(alert.severity)]


def _facts(alert: Alert) -> list[tuple[str, str]]:
    looked_at = (_("Looked at"), metric_in_words(alert.metric))
    if alert.unit == catalogue.YES:
        return [looked_at]
    values = (
        (_("Value"), alert.last_value),
        (_("Worst"), alert.peak),
        (_("Rule's value"), alert.bound),
    )
    return [looked_at, *((name, value_in_words(value, alert.unit)) for name, value in values)]


def _steps(alert: Alert) -> QuerySet[AlertChange]:
    return alert.changes.select_related("by").order_by("-at", "-pk")[:MOST_STEPS]


def _step(change: AlertChange) -> dict[str, Any]:
    return {
        "change": change,
        "tone": STEP_TONES.get(AlertChange.Kind(change.kind), "off"),
        "value": value_in_words(change.value, change.alert.unit),
    }


def _culprit(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "url": page_of(str(one.get("kind", "")), int(one.get("ref", 0))),
        "words": value_in_words(one.get("value"), str(one.get("unit", ""))),
    }


def _chart(user: User, alert: Alert) -> str:
    """Which chart shows it, where the person may see that usage and the thing still exists."""
    name = CHARTS.get(alert.metric, "")
    if not name or alert.object_kind not in VISIBLE:
        return ""
    return name if may_see(user, alert.object_kind, str(alert.object_ref)) else ""


def _range_s(alert: Alert, now: datetime) -> int:
    """The shortest range that shows how it began."""
    age_s = (now - alert.opened_at).total_seconds() * 1.25
    return next((span for span in RANGES_S if span >= age_s), RANGES_S[-1])
