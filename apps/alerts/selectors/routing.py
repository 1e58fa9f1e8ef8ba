"""What routes and silences ask of alerts, read for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Model

from apps.accounts.models import TeamMembership
from apps.alerts.models import Alert, QuietHours, Route, Silence
from apps.alerts.rules.quiet import Quiet
from apps.alerts.rules.routing import Fit, Matcher, Subject, stack_patterns
from apps.alerts.selectors.telling import stack_of
from apps.nodes.models import Node
from apps.workloads.models import Container, Service

LABELLED: dict[str, type[Model]] = {"service": Service, "container": Container, "node": Node}


def routes_on() -> list[tuple[Route, Fit]]:
    """Every route that is on, with what it asks for: a bounded number of queries."""
    routes = Route.objects.filter(is_enabled=True)
    return [(route, _fit(route)) for route in routes.prefetch_related("rules", "clusters", "teams")]


def _fit(route: Route) -> Fit:
    return Fit(
        severities=frozenset(route.severities),
        rules=frozenset(rule.pk for rule in route.rules.all()),
        clusters=frozenset(cluster.pk for cluster in route.clusters.all()),
        teams=frozenset(team.pk for team in route.teams.all()),
        stacks=stack_patterns(route.stacks),
    )


def subjects_of(alerts: Sequence[Alert]) -> dict[int, Subject]:
    """What is asked of each alert, by its key; labels and teams are read once for all."""
    labels = _labels(alerts)
    teams = _teams(alert.rule.owner_id for alert in alerts if alert.rule and alert.rule.owner_id)
    return {
        alert.pk: Subject(
            severity=alert.severity,
            rule=alert.rule_id,
            cluster=alert.cluster_id,
            object_kind=alert.object_kind,
            object_label=alert.object_label,
            stack=stack_of(alert),
            labels=labels.get((alert.object_kind, alert.object_ref), {}),
            teams=teams[alert.rule.owner_id or 0] if alert.rule else frozenset(),
        )
        for alert in alerts
    }


def _labels(alerts: Sequence[Alert]) -> dict[tuple[str, int], dict[str, str]]:
    found: dict[tuple[str, int], dict[str, str]] = {}
    for kind, model in LABELLED.items():
        refs = {alert.object_ref for alert in alerts if alert.object_kind == kind}
        if refs:
            rows = model._default_manager.filter(pk__in=refs).values_list("pk", "labels")
            found |= {(kind, pk): labels or {} for pk, labels in rows}
    return found


def _teams(people: Iterable[int]) -> defaultdict[int, frozenset[int]]:
    found: defaultdict[int, frozenset[int]] = defaultdict(frozenset)
    rows = TeamMembership.objects.filter(person__in=set(people)).values_list("person_id", "team_id")
    for person, team in rows:
        found[person] |= {team}
    return found


def silences_on(at: datetime) -> list[tuple[Silence, Matcher]]:
    """Every silence that holds at a moment."""
    rows = Silence.objects.filter(begins_at__lte=at, ends_at__gt=at)
    return [(silence, matcher_of(silence)) for silence in rows]


def matcher_of(silence: Silence) -> Matcher:
    """What it asks for."""
    return Matcher(
        rule=silence.rule_id,
        cluster=silence.cluster_id,
        object_kind=silence.object_kind,
        object_label=silence.object_label,
        label=silence.label,
    )


def quiets_of(channel: int) -> list[tuple[str, Quiet]]:
    """The quiet hours of a channel, its own and those of all channels, by name."""
    rows = QuietHours.objects.filter(is_enabled=True).prefetch_related("channels")
    found = []
    for row in rows:
        named = {one.pk for one in row.channels.all()}
        if not named or channel in named:
            found.append((row.name, row.quiet))
    return found
