"""Changes of alerts out of the outbox, as notices on every route that takes them; reminders after a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from apps.alerts.models import Alert, AlertChange, Notice, Route
from apps.alerts.rules.routing import Fit, Subject
from apps.alerts.selectors.routing import routes_on, subjects_of
from apps.alerts.services.announcing import take_untold, untold

Kind, Outcome = Notice.Kind, Notice.Outcome
# Acknowledging is not told: it only ends reminders.
KINDS = {
    AlertChange.Kind.FIRED: Kind.FIRED,
    AlertChange.Kind.RELEASED: Kind.FIRED,
    AlertChange.Kind.CLEARED: Kind.CLEARED,
}
MOST_REMINDERS = 500


def route_changes(now: datetime) -> int:
    """Take what is in the outbox; returns how many notices that makes."""
    changes = untold()
    if not changes:
        return 0
    routes = routes_on()
    subjects = subjects_of([change.alert for change in changes])
    return sum(_route(change, routes, subjects[change.alert_id], now) for change in changes)


def _route(
    change: AlertChange, routes: list[tuple[Route, Fit]], subject: Subject, now: datetime
) -> int:
    kind = KINDS.get(AlertChange.Kind(change.kind))
    takers = [route for route, fit in routes if kind and fit.takes(subject)]
    with transaction.atomic():
        if not take_untold(change):
            return 0
        made = [notice_of(change.alert, route, kind or Kind.FIRED, now) for route in takers]
        Notice.objects.bulk_create(made)
    return len(made)


def notice_of(alert: Alert, route: Route, kind: str, now: datetime) -> Notice:
    """A notice that waits for others of its group."""
    ready_at = now + timedelta(seconds=0 if kind == Kind.REPEAT else route.wait_s)
    group_key = alert.group_key or f"{alert.cluster_id or 0}"
    return Notice(
        route=route, alert=alert, kind=kind, group_key=group_key, at=now, ready_at=ready_at
    )


def remind(now: datetime) -> int:
    """Notices for what is still open, not acknowledged, and was told long enough ago."""
    made: list[Notice] = []
    for route in Route.objects.filter(is_enabled=True, repeat_s__gt=0):
        latest = now - timedelta(seconds=route.repeat_s)
        made += [notice_of(alert, route, Kind.REPEAT, now) for alert in _overdue(route, latest)]
    Notice.objects.bulk_create(made)
    return len(made)


def _overdue(route: Route, latest: datetime) -> list[Alert]:
    """Open alerts whose last notice on the route was told, before that moment; silenced ones wait for their end."""
    open_alerts = Alert.objects.filter(
        state=Alert.State.FIRING, acknowledged_at__isnull=True, inhibited_by__isnull=True
    )
    own = Q(notices__route=route)
    told_last = open_alerts.filter(own).annotate(
        told_at=Max("notices__at", filter=own & Q(notices__outcome=Outcome.TOLD)),
        waits_at=Max("notices__at", filter=own & ~Q(notices__outcome=Outcome.TOLD)),
    )
    rows = told_last.filter(told_at__lte=latest).order_by("pk")[:MOST_REMINDERS]
    return [row for row in rows if row.waits_at is None or row.waits_at < row.told_at]
