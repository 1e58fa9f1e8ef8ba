"""Somebody takes an alert: it stays, and others see who looks after it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import record_audit
from apps.alerts.models import Alert, AlertChange
from apps.alerts.services.announcing import add_change
from apps.alerts.services.recording import TOPIC
from dce_portal import live
from dce_portal.errors import Conflict
from dce_portal.operations import Target
from dce_portal.origin import Origin

VERBS = {
    AlertChange.Kind.ACKNOWLEDGED: "alert.acknowledge",
    AlertChange.Kind.UNACKNOWLEDGED: "alert.take_back",
}


def acknowledge(alert: Alert, *, by: User, note: str, origin: Origin) -> None:
    """Note who has taken it, and what they said; once."""
    taken = {
        "acknowledged_by": by,
        "acknowledged_at": timezone.now(),
        "acknowledged_note": note[:500],
    }
    with transaction.atomic():
        free = _open(alert).filter(acknowledged_at=None)
        if not free.update(**taken):
            raise Conflict(_("This alert is over, or somebody has acknowledged it already."))
        _note(alert, AlertChange.Kind.ACKNOWLEDGED, by=by, note=note, origin=origin)
    alert.refresh_from_db()


def take_back(alert: Alert, *, by: User, origin: Origin) -> None:
    """Nobody looks after it any more."""
    free = {"acknowledged_by": None, "acknowledged_at": None, "acknowledged_note": ""}
    with transaction.atomic():
        taken = _open(alert).filter(acknowledged_at__isnull=False)
        if not taken.update(**free):
            raise Conflict(_("This alert is over, or nobody has acknowledged it."))
        _note(alert, AlertChange.Kind.UNACKNOWLEDGED, by=by, note="", origin=origin)
    alert.refresh_from_db()


def _open(alert: Alert) -> QuerySet[Alert]:
    return Alert.objects.filter(pk=alert.pk).exclude(state=Alert.State.CLEARED)


def _note(alert: Alert, kind: AlertChange.Kind, *, by: User, note: str, origin: Origin) -> None:
    add_change(AlertChange(alert=alert, kind=kind, by=by, note=note[:500], value=alert.last_value))
    target = Target("alert", str(alert.pk), str(alert)[:250])
    record_audit(VERBS[kind], origin=origin, target=target, detail={"note": note[:500]})
    transaction.on_commit(lambda: live.publish(TOPIC, {"type": "alerts", "changed": [alert.pk]}))
