"""One rule's answer against its open alerts: what begins, fires, goes on, or is over. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apps.alerts.models import Alert, AlertChange, AlertRule
from apps.alerts.rules.bounds import bounds_of
from apps.alerts.rules.catalogue import unit_of
from apps.alerts.rules.looking import Answer, Key, Reading, worst_first
from apps.alerts.rules.stepping import Bounds, Sight, Standing, resumed, step
from apps.metrics.measures import UNITS

Kind, State = AlertChange.Kind, Alert.State
# A rule that matches everything opens so many alerts and says how many more there were.
MOST_OPEN_A_RULE = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """When the look is, whether it follows a pause, and what comes and goes."""

    now: datetime
    is_after_pause: bool = False
    flapping: frozenset[tuple[int, str, int]] = frozenset()

    @property
    def now_s(self) -> float:
        """In seconds since 1970."""
        return self.now.timestamp()


@dataclass(slots=True)
class Decision:
    """What a look comes to: new alerts, those that go on, those that were never told, and the steps."""

    new: list[Alert] = field(default_factory=list)
    kept: list[Alert] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)
    dropped: list[Alert] = field(default_factory=list)
    steps: list[tuple[Alert, str]] = field(default_factory=list)
    matched: dict[int, int] = field(default_factory=dict)


def decide(
    rule: AlertRule, found: Answer, alerts: Sequence[Alert], moment: Moment, into: Decision
) -> None:
    """Step every open alert of the rule, then open new ones, the worst first, up to the cap."""
    for alert in alerts:
        _go_on(rule, alert, found, moment, into)
    bounds = bounds_of(rule)
    troubled = [one for one in found.readings.values() if _is_trouble(one, bounds)]
    into.matched[rule.pk] = len(troubled)
    known = {(alert.object_kind, alert.object_ref) for alert in alerts}
    fresh = [one for one in troubled if one.subject.key not in known]
    room = max(0, MOST_OPEN_A_RULE - len(alerts))
    for reading in worst_first(fresh, is_above=rule.is_above)[:room]:
        _open(rule, reading, bounds, moment, into)


def _is_trouble(reading: Reading, bounds: Bounds) -> bool:
    is_known = reading.value is not None and reading.count >= bounds.min_samples
    return is_known and bounds.is_trouble(reading.value or 0.0)


def _open(
    rule: AlertRule, reading: Reading, bounds: Bounds, moment: Moment, into: Decision
) -> None:
    standing = step(None, Sight(moment.now_s, reading.value, reading.count), bounds)
    if standing is None:
        return
    alert = _new_alert(rule, reading, moment.now)
    write_standing(alert, standing)
    into.new.append(alert)
    into.steps.append((alert, Kind.FIRED if standing.is_firing else Kind.OPENED))


def _new_alert(rule: AlertRule, reading: Reading, now: datetime) -> Alert:
    subject = reading.subject
    return Alert(
        rule=rule,
        rule_name=rule.name,
        severity=rule.severity,
        words=rule.words,
        metric=rule.metric,
        unit=unit_of(rule.condition, rule.metric, against=rule.against, measures=UNITS),
        object_kind=subject.kind,
        object_ref=subject.ref,
        object_label=subject.label[:250],
        cluster_id=subject.cluster_ref,
        bound=rule.value,
        opened_at=now,
        seen_at=now,
    )


def _go_on(rule: AlertRule, alert: Alert, found: Answer, moment: Moment, into: Decision) -> None:
    key = (rule.pk, alert.object_kind, alert.object_ref)
    before = standing_of(alert)
    if moment.is_after_pause:
        before = resumed(before, moment.now_s)
    begins_to_flap = before.is_firing and key in moment.flapping and not alert.is_flapping
    alert.is_flapping = alert.is_flapping or begins_to_flap
    bounds = bounds_of(rule, is_flapping=alert.is_flapping)
    after = step(before, _sight(alert, found, rule, moment.now_s), bounds)
    if begins_to_flap:
        into.steps.append((alert, Kind.FLAPPING))
    _take(alert, before, after, moment, into)


def _sight(alert: Alert, found: Answer, rule: AlertRule, now_s: float) -> Sight:
    reading = found.readings.get((alert.object_kind, alert.object_ref))
    if reading is not None:
        return Sight(now_s, reading.value, reading.count)
    is_blind = alert.cluster_id in found.blind_clusters
    return Sight(now_s, None if is_blind else found.calm, rule.min_samples)


def _take(
    alert: Alert, before: Standing, after: Standing | None, moment: Moment, into: Decision
) -> None:
    if after is not None:
        write_standing(alert, after)
        into.kept.append(alert)
        if after.is_firing and not before.is_firing:
            into.steps.append((alert, Kind.FIRED))
    elif before.is_firing:
        end(alert, moment.now, into)
    else:
        into.dropped.append(alert)


def end(alert: Alert, now: datetime, into: Decision) -> None:
    """It is over, or its rule is."""
    if alert.state == State.PENDING:
        into.dropped.append(alert)
        return
    alert.state, alert.cleared_at = State.CLEARED, now
    into.over.append(alert)
    into.steps.append((alert, Kind.CLEARED))


def standing_of(alert: Alert) -> Standing:
    """The row as the stepping takes it."""
    value = alert.last_value or 0.0
    return Standing(
        state=alert.state,
        since_s=alert.opened_at.timestamp(),
        seen_s=alert.seen_at.timestamp(),
        value=value,
        peak=value if alert.peak is None else alert.peak,
        fired_s=_seconds(alert.fired_at),
        clearing_s=_seconds(alert.clearing_since),
    )


def write_standing(alert: Alert, standing: Standing) -> None:
    """The other way."""
    alert.state = standing.state
    alert.opened_at = _moment(standing.since_s)
    alert.seen_at = _moment(standing.seen_s)
    alert.fired_at = None if standing.fired_s is None else _moment(standing.fired_s)
    alert.clearing_since = None if standing.clearing_s is None else _moment(standing.clearing_s)
    alert.last_value, alert.peak = standing.value, standing.peak


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def by_rule(alerts: Iterable[Alert]) -> dict[int | None, list[Alert]]:
    """Alerts by the key of their rule."""
    found: dict[int | None, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.rule_id, []).append(alert)
    return found


__all__ = ["Decision", "Key", "Moment", "by_rule", "decide", "end", "standing_of"]
