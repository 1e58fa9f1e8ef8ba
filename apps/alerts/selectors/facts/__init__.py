"""Facts about the cluster that rules look at, each in a bounded number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from apps.alerts.models import AlertRule
from apps.alerts.rules.looking import Answer
from apps.alerts.selectors.choosing import chosen, traits_of
from apps.alerts.selectors.facts import channels, expiries, nodes, portal, services
from apps.alerts.selectors.facts.asking import Asked

SOURCES: Mapping[str, Callable[[Asked], Answer]] = {
    "node_down": nodes.down,
    "node_silent": nodes.silent,
    "clock_skew": nodes.clock_skew,
    "quorum_margin": nodes.quorum_margin,
    "cluster_silent": nodes.cluster_silent,
    "replicas_short": services.replicas_short,
    "update_halted": services.update_halted,
    "crash_loop": partial(services.task_endings, state="failed"),
    "task_rejected": partial(services.task_endings, state="rejected"),
    "container_died": services.deaths,
    "oom": services.out_of_memory,
    "unhealthy": services.unhealthy,
    "certificate_days": expiries.certificates,
    "token_days": expiries.tokens,
    "poll_late": portal.poll_late,
    "backup_age": portal.backup_age,
    "undelivered": channels.undelivered,
}


def fact_answers(
    rules: Iterable[AlertRule], *, now: datetime, is_steady: bool
) -> dict[int, Answer]:
    """The answer for each rule by its key; what several rules ask alike is read once."""
    known: dict[tuple[str, str, int], Answer] = {}
    answers = {}
    for rule in rules:
        source = SOURCES.get(rule.metric)
        if source is None:
            continue
        key = (rule.metric, rule.object_kind, rule.window_s)
        if key not in known:
            known[key] = source(Asked(rule.object_kind, now, rule.window_s, is_steady))
        answers[rule.pk] = _narrowed(rule, known[key])
    return answers


def _narrowed(rule: AlertRule, found: Answer) -> Answer:
    """Only the subjects that the rule has chosen."""
    rows = [
        {
            "ref": one.subject.ref,
            "label": one.subject.label,
            "cluster_ref": one.subject.cluster_ref,
            "key": one.subject.key,
        }
        for one in found.readings.values()
    ]
    kept = {row["key"] for row in chosen(rule, rows, traits_of(rule.object_kind, [rule], rows))}
    readings = {key: one for key, one in found.readings.items() if key in kept}
    return Answer(readings, found.calm, found.blind_clusters)
