"""How the rest of the portal hears of alerts.

Every step of an alert is a row of `AlertChange`, written with the alert itself: the outbox. After
the commit `announced` is sent with the primary keys of the rows that people may have to be told,
so that delivery need not wait for its own tick. Whoever takes a row marks it by `take_untold`; what
a process that died did not take is found by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from apps.alerts.models import AlertChange

# Sent after the commit, once a look: announced.send(sender=AlertChange, pks=[…]).
announced = Signal()

Kind = AlertChange.Kind
TOLD_KINDS = (Kind.FIRED, Kind.CLEARED, Kind.RELEASED, Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED)
MOST_AT_ONCE = 500


def announce(changes: Sequence[AlertChange]) -> None:
    """Tell whoever subscribed, once the caller's transaction is committed."""
    pks = [change.pk for change in changes if not change.is_told]
    if pks:
        transaction.on_commit(lambda: _send(pks))


def _send(pks: list[int]) -> None:
    # A subscriber that fails must not undo what is committed; the outbox still has the rows.
    announced.send_robust(AlertChange, pks=pks)


def untold() -> list[AlertChange]:
    """The outbox, oldest first, each with its alert and rule."""
    rows = AlertChange.objects.filter(is_told=False).select_related(
        "alert", "alert__rule", "alert__cluster", "by"
    )
    return list(rows.order_by("at", "pk")[:MOST_AT_ONCE])


def take_untold(change: AlertChange) -> bool:
    """Take one row out of the outbox; False when somebody else was faster."""
    mine = AlertChange.objects.filter(pk=change.pk, is_told=False)
    return bool(mine.update(is_told=True))


def add_change(change: AlertChange) -> AlertChange:
    """Write one step outside of a look at the rules, numbered after the alert's last one."""
    alert = change.alert
    type(alert).objects.filter(pk=alert.pk).update(sequence=F("sequence") + 1)
    alert.refresh_from_db(fields=["sequence"])
    change.sequence, change.at = alert.sequence, timezone.now()
    change.is_told = change.kind not in TOLD_KINDS
    change.save(force_insert=True)
    announce([change])
    return change
