"""The sign of life outwards: sent while the portal polls and looks at its rules, withheld otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.alerts.models import EvaluationRound, Heartbeat
from apps.alerts.ports.notifier import WEBHOOK, Address, NotifierPort, Receipt
from apps.nodes.models import Node
from dce_portal import heartbeats
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.sealing import seal, unseal
from dce_portal.secret import Secret

POLLS, ENGINES, RULES = "polls", "engines", "rules"
# Nodes are polled every 5-10 s and rules looked at every few: a pause of this length is no hiccup.
SILENT_AFTER = timedelta(seconds=120)


def heartbeat() -> Heartbeat:
    """The one row."""
    row, _is_new = Heartbeat.objects.get_or_create(pk=1)
    return row


def change_heartbeat(
    *, url: str, is_enabled: bool, interval_s: int, notifier: NotifierPort, origin: Origin
) -> Heartbeat:
    """Keep what a person wishes; an empty address keeps the one that is there."""
    row = heartbeat()
    if url and not notifier.check(Address(WEBHOOK, Secret(url))).is_ok:
        raise InvalidInput(_("Enter a whole address that begins with https://."), field="url")
    if is_enabled and not (url or row.sealed):
        raise InvalidInput(_("Say where to send it."), field="url")
    with transaction.atomic():
        row.is_enabled, row.interval_s, row.changed_by_id = is_enabled, interval_s, _person(origin)
        if url:
            row.sealed, row.hint = seal(Secret(url)), url.split("/")[2].rpartition("@")[2][:120]
        row.save(update_fields=["is_enabled", "interval_s", "changed_by", "sealed", "hint"])
        detail = {"is_enabled": is_enabled, "interval_s": interval_s, "address_changed": bool(url)}
        target = Target("heartbeat", "1", row.hint)
        record_audit("heartbeat.change", origin=origin, target=target, detail=detail)
    return row


def _person(origin: Origin) -> int | None:
    return origin.actor.pk if origin.actor is not None else None


def beat(notifier: NotifierPort) -> Receipt | None:
    """Send it when it is due and everything works; None where nothing was sent."""
    now = timezone.now()
    row = Heartbeat.objects.filter(pk=1, is_enabled=True).first()
    if row is None or not _take(row, now):
        return None
    withheld = trouble(now)
    url = unseal(row.sealed)
    if withheld or url is None:
        Heartbeat.objects.filter(pk=1).update(withheld=withheld)
        return None
    receipt = notifier.ping(url)
    _record(receipt)
    return receipt


def _take(row: Heartbeat, now: datetime) -> bool:
    """Due, and nobody else took it."""
    due = Q(tried_at__isnull=True) | Q(tried_at__lte=now - timedelta(seconds=row.interval_s - 1))
    return bool(Heartbeat.objects.filter(due, pk=1).update(tried_at=now))


def _record(receipt: Receipt) -> None:
    facts: dict[str, Any] = {
        "withheld": "",
        "last_problem": receipt.problem,
        "last_detail": receipt.detail,
        "last_status": receipt.status,
    }
    if receipt.is_ok:
        facts["arrived_at"] = timezone.now()
    Heartbeat.objects.filter(pk=1).update(**facts)


def trouble(now: datetime) -> str:
    """Why the portal may not say that it is well; empty while it may."""
    age_s = heartbeats.age_s("poll")
    if age_s is None or age_s > heartbeats.FRESH_S:
        return POLLS
    seen_at = Node.objects.aggregate(at=Max("observed_at"))["at"]
    if seen_at is not None and now - seen_at > SILENT_AFTER:
        return ENGINES
    looked_at = EvaluationRound.objects.aggregate(at=Max("at"))["at"]
    if looked_at is None or now - looked_at > SILENT_AFTER:
        return RULES
    return ""
