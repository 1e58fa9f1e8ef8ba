"""Notices that waited long enough become messages: one for each group and channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.alerts.models import Alert, Channel, Delivery, Notice, Route, Silence
from apps.alerts.rules.quiet import quiet_until
from apps.alerts.rules.routing import Matcher
from apps.alerts.selectors.routing import quiets_of, silences_on, subjects_of
from apps.alerts.services.delivery.composing import Plan, write_delivery

Kind, Outcome, State = Notice.Kind, Notice.Outcome, Delivery.State
MOST_GROUPS = 200


@dataclass(slots=True)
class Verdict:
    """What becomes of the notices of one group."""

    told: list[Notice]
    silenced: list[tuple[Notice, Silence]]
    passed: list[Notice]

    @property
    def alerts(self) -> list[Alert]:
        """Those that are told, each once."""
        return list({notice.alert_id: notice.alert for notice in self.told}.values())


def gather(now: datetime) -> int:
    """Write the messages of every group that waited long enough; returns how many."""
    ready = Notice.objects.filter(outcome=Outcome.WAITING, ready_at__lte=now)
    keys = list(ready.order_by().values_list("route_id", "group_key").distinct()[:MOST_GROUPS])
    silences = silences_on(now) if keys else []
    return sum(_gather_group(route, key, silences, now) for route, key in keys)


def _gather_group(
    route_pk: int, group_key: str, silences: Sequence[tuple[Silence, Matcher]], now: datetime
) -> int:
    with transaction.atomic():
        waiting = Notice.objects.filter(
            route_id=route_pk, group_key=group_key, outcome=Outcome.WAITING
        )
        notices = list(waiting.select_related("alert", "alert__cluster", "alert__rule", "route"))
        if not notices or not _take(notices):
            return 0
        verdict = judge(notices, silences)
        _record(verdict)
        return _write(notices[0].route, verdict, now)


def _take(notices: Sequence[Notice]) -> bool:
    """Mark them as told, all or none: somebody else may gather at the same time."""
    mine = Notice.objects.filter(pk__in=[notice.pk for notice in notices], outcome=Outcome.WAITING)
    return mine.update(outcome=Outcome.TOLD) == len(notices)


def judge(notices: Sequence[Notice], silences: Sequence[tuple[Silence, Matcher]]) -> Verdict:
    """The last notice of each alert counts; what came and went before it was told is not told at all."""
    subjects = subjects_of([notice.alert for notice in notices])
    told_before = _told_before(notices)
    verdict = Verdict([], [], [])
    for own in _by_alert(notices).values():
        last = own[-1]
        *earlier, _same = own
        verdict.passed += earlier
        subject = subjects[last.alert_id]
        silence = next((one for one, matcher in silences if matcher.fits(subject)), None)
        if not _is_news(last, was_told=last.alert_id in told_before):
            verdict.passed.append(last)
        elif silence is not None:
            verdict.silenced.append((last, silence))
        else:
            verdict.told.append(last)
    return verdict


def _by_alert(notices: Sequence[Notice]) -> dict[int, list[Notice]]:
    found: defaultdict[int, list[Notice]] = defaultdict(list)
    for notice in sorted(notices, key=lambda one: (one.at, one.pk)):
        found[notice.alert_id].append(notice)
    return found


def _told_before(notices: Sequence[Notice]) -> set[int]:
    own = [notice.pk for notice in notices]
    rows = Notice.objects.filter(
        route=notices[0].route,
        alert__in=[notice.alert_id for notice in notices],
        outcome=Outcome.TOLD,
    ).exclude(kind=Kind.CLEARED)
    return set(rows.exclude(pk__in=own).values_list("alert_id", flat=True))


def _is_news(notice: Notice, *, was_told: bool) -> bool:
    alert = notice.alert
    if notice.kind == Kind.CLEARED:
        return was_told and notice.route.sends_cleared
    is_calm = alert.inhibited_by_id is not None or alert.acknowledged_at is not None
    return alert.state == Alert.State.FIRING and not is_calm


def _record(verdict: Verdict) -> None:
    Notice.objects.filter(pk__in=[notice.pk for notice in verdict.passed]).update(
        outcome=Outcome.PASSED
    )
    for notice, silence in verdict.silenced:
        Notice.objects.filter(pk=notice.pk).update(outcome=Outcome.SILENCED, silence=silence)


def _write(route: Route, verdict: Verdict, now: datetime) -> int:
    channels = list(route.channels.filter(is_enabled=True))
    kind = _kind(verdict.told)
    since = min((notice.at for notice in verdict.told), default=now)
    written = 0
    for channel in channels:
        alerts = _new_to(channel, verdict.alerts, since)
        if alerts:
            because = _held_by(channel, alerts, now)
            state = State.HELD if because else State.WAITING
            plan = Plan(kind=kind, state=state, because=because, route=route, now=now)
            write_delivery(channel, alerts, plan)
            written += 1
        if verdict.silenced:
            _write_silenced(channel, route, verdict, now)
    return written


def _kind(told: Sequence[Notice]) -> str:
    is_repeat = bool(told) and all(notice.kind == Kind.REPEAT for notice in told)
    return Delivery.Kind.REPEAT if is_repeat else Delivery.Kind.ALERTS


def _new_to(channel: Channel, alerts: Sequence[Alert], since: datetime) -> list[Alert]:
    """Those that no other route told this channel meanwhile, and none about the channel itself."""
    told = Delivery.objects.filter(channel=channel, created_at__gte=since, alerts__in=alerts)
    known = set(told.exclude(state=State.SILENCED).values_list("alerts", flat=True))
    return [
        alert
        for alert in alerts
        if alert.pk not in known
        and (alert.object_kind, alert.object_ref) != ("channel", channel.pk)
    ]


def _held_by(channel: Channel, alerts: Sequence[Alert], now: datetime) -> str:
    """The quiet hours that hold every alert of the message: one that breaks through takes the others along."""
    names: list[str] = []
    for name, quiet in quiets_of(channel.pk):
        ends = [quiet_until([quiet], severity=alert.severity, at=now) for alert in alerts]
        if all(end is not None for end in ends):
            names.append(name)
    return ", ".join(names)[:250]


def _write_silenced(channel: Channel, route: Route, verdict: Verdict, now: datetime) -> None:
    alerts = list({notice.alert_id: notice.alert for notice, _one in verdict.silenced}.values())
    because = ", ".join(sorted({str(silence) for _one, silence in verdict.silenced}))[:250]
    plan = Plan(route=route, now=now, state=State.SILENCED, because=because)
    write_delivery(channel, alerts, plan)
