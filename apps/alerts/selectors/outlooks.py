"""Readings of what is expected: the outlook of a metric, and how soon something is full.

What is expected comes from `expected.py`, the only module that knows where outlooks are kept; whoever
keeps some elsewhere registers a function that answers for all objects of a kind at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.alerts.models import AlertRule
from apps.alerts.rules.looking import Answer, Reading, Subject, answer
from apps.alerts.selectors.choosing import chosen, traits_of
from apps.alerts.selectors.expected import Expected, Wish, kept_outlooks
from apps.alerts.selectors.metrics import subject_of
from apps.alerts.selectors.wholes import LIMITS
from apps.metrics.models import MetricObject

Condition, Against = AlertRule.Condition, AlertRule.Against
OUTLOOK_CONDITIONS = (Condition.FORECAST, Condition.TIME_TO_FULL)
MOST_FOUND = 1000
CALM_HOURS = 24.0 * 365 * 10


Source = Callable[[Wish], Iterable[Expected]]
_sources: list[Source] = [kept_outlooks]


def register_source(source: Source) -> None:
    """Say who else keeps outlooks, such as of things that have no usage here."""
    _sources.append(source)


def outlook_answers(rules: Iterable[AlertRule], *, now: datetime) -> dict[int, Answer]:
    """The answer for each rule by its key; what several rules ask alike is read once."""
    known: dict[Wish, list[Expected]] = {}
    answers = {}
    for rule in rules:
        is_full = rule.condition == Condition.TIME_TO_FULL
        wish = Wish(rule.object_kind, rule.metric, rule.window_s, now, is_full)
        if wish not in known:
            known[wish] = [one for source in _sources for one in source(wish)]
        answers[rule.pk] = _answer(rule, known[wish])
    return answers


def _answer(rule: AlertRule, expected: list[Expected]) -> Answer:
    """Without any outlook nothing is known; of what has none, neither."""
    by_ref = {one.ref: one for one in expected[:MOST_FOUND]}
    objects = MetricObject.objects.filter(kind=rule.object_kind, ref__in=by_ref)
    rows: list[dict[str, Any]] = [dict(row) for row in objects.values()]
    rows += _without_usage(rule, by_ref, known={row["ref"] for row in rows})
    kept = chosen(rule, rows, traits_of(rule.object_kind, [rule], rows))
    return answer(_reading(rule, row, by_ref[row["ref"]]) for row in kept)


def _without_usage(
    rule: AlertRule, by_ref: Mapping[int, Expected], *, known: set[int]
) -> list[dict[str, Any]]:
    bare = {"kind": rule.object_kind, "cluster_ref": None, "node_ref": None, "service_ref": None}
    return [
        {**bare, "ref": ref, "label": one.label}
        for ref, one in by_ref.items()
        if ref not in known and one.label
    ]


def _reading(rule: AlertRule, row: Mapping[str, object], expected: Expected) -> Reading:
    subject: Subject = subject_of(row)
    if rule.condition == Condition.TIME_TO_FULL:
        hours = expected.hours_to_full
        return Reading(subject, CALM_HOURS if hours is None else hours)
    value = expected.highest if rule.is_above else expected.lowest
    if value is None or rule.against == Against.ABSOLUTE:
        return Reading(subject, value)
    column = "disk_total_bytes" if rule.metric == "disk_used_bytes" else LIMITS.get(rule.metric, "")
    whole = row.get(column)
    return Reading(subject, 100 * value / whole if isinstance(whole, float) and whole else None)
