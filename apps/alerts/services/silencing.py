"""Silences are made and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.alerts.models import Alert, AlertRule, Silence
from apps.nodes.models import Cluster
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceWish:
    """What shall be silent, until when, and why."""

    ends_at: datetime
    reason: str
    begins_at: datetime | None = None
    rule: AlertRule | None = None
    cluster: Cluster | None = None
    object_kind: str = ""
    object_label: str = ""
    label: str = ""

    @property
    def matches_something(self) -> bool:
        """Whether anything narrows it."""
        wishes = (self.rule, self.cluster, self.object_kind, self.object_label, self.label)
        return any(bool(wish) for wish in wishes)


def make_silence(wish: SilenceWish, *, origin: Origin) -> Silence:
    """Keep one; what it covers is recorded from now on, and not told."""
    now = timezone.now()
    begins_at = wish.begins_at or now
    _check(wish, begins_at, now)
    with transaction.atomic():
        silence = Silence.objects.create(
            rule=wish.rule,
            cluster=wish.cluster,
            object_kind=wish.object_kind,
            object_label=wish.object_label,
            label=wish.label,
            begins_at=begins_at,
            ends_at=wish.ends_at,
            reason=wish.reason,
            created_by=cast("Any", origin.actor),
        )
        detail = {"reason": wish.reason, "ends_at": wish.ends_at.isoformat()}
        record_audit("silence.add", origin=origin, target=target_of(silence), detail=detail)
    return silence


def _check(wish: SilenceWish, begins_at: datetime, now: datetime) -> None:
    if wish.ends_at <= max(begins_at, now):
        raise InvalidInput(_("A silence ends after its begin, and after now."), field="ends_at")
    if wish.ends_at - begins_at > LONGEST:
        raise InvalidInput(_("A silence lasts 90 days at most."), field="ends_at")
    if not wish.reason.strip():
        raise InvalidInput(_("Say why, for those who wonder later."), field="reason")
    if not wish.matches_something:
        raise InvalidInput(
            _("Say what shall be silent: a rule, a cluster, an object or a label."), field="rule"
        )


def silence_alert(alert: Alert, *, seconds: int, reason: str, origin: Origin) -> Silence:
    """Silence this rule on this object, for a while."""
    wish = SilenceWish(
        rule=alert.rule,
        cluster=alert.cluster,
        object_kind=alert.object_kind,
        object_label=alert.object_label,
        ends_at=timezone.now() + timedelta(seconds=seconds),
        reason=reason,
    )
    return make_silence(wish, origin=origin)


def end_silence(silence: Silence, *, origin: Origin) -> Silence:
    """End one now; what is still open is told."""
    now = timezone.now()
    with transaction.atomic():
        running = Silence.objects.filter(pk=silence.pk, ends_at__gt=now)
        begins_at = min(silence.begins_at, now)
        if not running.update(ends_at=now, begins_at=begins_at):
            raise Conflict(_("This silence is over already; nothing was changed."))
        record_audit("silence.end", origin=origin, target=target_of(silence))
    silence.refresh_from_db()
    return silence


def target_of(silence: Silence) -> Target:
    """What the audit calls it."""
    return Target("silence", str(silence.pk), str(silence)[:250])
