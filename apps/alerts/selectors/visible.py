"""Who may see which alerts and rules, and the open ones as other pages show them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from apps.accounts.models import User
from apps.alerts.models import Alert, AlertRule, Severity
from apps.alerts.selectors.credentials import about_others
from apps.nodes.models import Cluster

Viewer = User | AnonymousUser
MOST_SHOWN = 200
RANK = Case(
    When(severity=Severity.CRITICAL, then=Value(0)),
    When(severity=Severity.WARNING, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "late", Severity.INFO: "busy"}


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """One line of what is wrong now."""

    severity: str
    severity_words: str
    tone: str
    title: str
    subject: str
    since: datetime
    url: str
    is_acknowledged: bool


def rules_visible_to(user: Viewer) -> QuerySet[AlertRule]:
    """All rules, for those who may see them."""
    rules = AlertRule.objects.select_related("cluster", "owner")
    return rules if user.is_active and user.has_perm("alerts.view_alertrule") else rules.none()


def alerts_visible_to(user: Viewer) -> QuerySet[Alert]:
    """Alerts, also those that are over; those about tokens and robots only where these may be seen."""
    alerts = Alert.objects.select_related("rule", "cluster", "acknowledged_by", "inhibited_by")
    if not (user.is_active and user.has_perm("alerts.view_alert")):
        return alerts.none()
    return alerts.exclude(about_others(user))


def may_watch(user: AbstractBaseUser, ref: str) -> bool:
    """Whether this person may listen to `alerts:all`, which says only that something changed."""
    if not isinstance(user, PermissionsMixin):
        return False
    return ref == "all" and user.is_active and user.has_perm("alerts.view_alert")


def firing_for(user: Viewer, cluster: Cluster | None = None) -> QuerySet[Alert]:
    """What fires and is not explained by another alert, the worst and newest first."""
    alerts = alerts_visible_to(user).filter(state=Alert.State.FIRING, inhibited_by=None)
    if cluster is not None:
        alerts = alerts.filter(Q(cluster=cluster) | Q(cluster=None))
    return alerts.annotate(rank=RANK).order_by("rank", "-fired_at", "-pk")


def open_alerts(
    user: Viewer, cluster: Cluster | None = None, *, most: int = MOST_SHOWN
) -> list[OpenAlert]:
    """Lines for the dashboard: what fires in the cluster and what concerns no cluster; one query."""
    return [_line(alert) for alert in firing_for(user, cluster)[:most]]


def _line(alert: Alert) -> OpenAlert:
    return OpenAlert(
        severity=alert.severity,
        severity_words=str(Severity(alert.severity).label),
        tone=TONES[Severity(alert.severity)],
        title=alert.title,
        subject=alert.object_label,
        since=alert.fired_at or alert.opened_at,
        url=reverse("admin:alerts_alert_change", args=[alert.pk]),
        is_acknowledged=alert.acknowledged_at is not None,
    )


def open_count(user: Viewer, cluster: Cluster | None = None) -> Counter[str]:
    """How many fire by severity; `.total()` is all of them."""
    return Counter(firing_for(user, cluster).order_by().values_list("severity", flat=True))
