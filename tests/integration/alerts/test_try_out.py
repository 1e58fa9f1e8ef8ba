"""A rule on the past: how often it would have fired, on what, and what cannot be told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts.models import Alert, AlertRule
from apps.alerts.selectors import history
from apps.alerts.selectors.history import try_out
from apps.alerts.selectors.preview import preview
from tests.factories.alerts import AlertFactory, RuleFactory, later, measured, minutes
from tests.factories.cluster import EventFactory, NodeFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def unsaved(**facts: object) -> AlertRule:
    return RuleFactory.build(**{"for_s": 0, "clear_for_s": 0, **facts})


def test_three_peaks_in_a_week_are_three_firings(quiet) -> None:
    """Each peak is a whole step of five minutes, an hour apart from the next."""
    row = measured("container", 1, at=quiet, memory_bytes=1)
    series = ([200.0] * 5 + [10.0] * 55) * 3
    minutes(row, series, metric="memory_bytes", end=later(quiet, -60))
    tried = try_out(unsaved(), until=quiet)
    assert (tried.count, tried.object_count, tried.looked_at) == (3, 1, 1)
    assert tried.total_s == 3 * 300
    assert not Alert.objects.exists()


def test_a_longer_for_leaves_short_peaks_out(quiet) -> None:
    row = measured("container", 1, at=quiet, memory_bytes=1)
    minutes(row, ([200.0] * 5 + [10.0] * 55) * 3, metric="memory_bytes", end=later(quiet, -60))
    assert try_out(unsaved(for_s=600), until=quiet).count == 0


def test_a_silence_is_found_and_the_portals_own_pause_is_not(quiet) -> None:
    """One thing lacks 20 minutes while the other goes on; later both lack 30."""
    rule = unsaved(condition="absence", metric="", value=600)
    one, other = measured("container", 1, at=quiet), measured("container", 2, at=quiet)
    end = later(quiet, -60)
    for row, gaps in ((one, [(30, 50), (100, 130)]), (other, [(100, 130)])):
        kept = [index for index in range(180) if not any(a <= index < b for a, b in gaps)]
        for index in kept:
            minutes(row, [1.0], metric="cpu_cores", end=later(end, -60 * (179 - index)))
    tried = try_out(rule, until=quiet)
    assert [subject.ref for subject, _firing in tried.fired] == [1]


def test_facts_are_tried_on_events(quiet) -> None:
    node = NodeFactory(hostname="n1")
    service = ServiceFactory(cluster=node.cluster, name="shop")
    common = {"node": node, "subject_label": "n1"}
    for hours, kind in ((30, "node.down"), (29, "node.ready"), (5, "node.down"), (4, "node.ready")):
        EventFactory(at=quiet - timedelta(hours=hours), kind=kind, **common)
    for number in range(4):
        EventFactory(
            node=node,
            at=quiet - timedelta(hours=1, minutes=number),
            kind="task.failed",
            subject_kind="task",
            subject_label=f"shop.{number}",
        )
    down = unsaved(condition="event", metric="node_down", object_kind="node", value=1, for_s=60)
    tried = try_out(down, until=quiet)
    assert (tried.count, round(tried.total_s / 60)) == (2, 118)
    loop = unsaved(
        condition="event", metric="crash_loop", object_kind="service", value=3, window_s=600
    )
    assert [who.ref for who, _firing in try_out(loop, until=quiet).fired] == [service.pk]


def test_what_leaves_no_trace_says_so(quiet) -> None:
    rule = unsaved(condition="event", metric="unhealthy", object_kind="container", value=1)
    assert "no history" in try_out(rule, until=quiet).reason


def test_it_is_bounded(quiet, monkeypatch) -> None:
    """Of many objects the largest are looked at, and the answer says of how many."""
    monkeypatch.setattr(history, "MOST_OBJECTS", 3)
    for ref in range(6):
        row = measured("container", ref + 1, at=quiet, memory_bytes=ref)
        minutes(row, [200.0] * 10, metric="memory_bytes", end=later(quiet, -60))
    with CaptureQueriesContext(connection) as queries:
        tried = try_out(unsaved(), until=quiet)
    assert (tried.looked_at, tried.chosen, tried.object_count) == (3, 6, 3)
    assert len(queries) <= 3


def test_the_preview_counts_what_is_watched_and_what_is_in_trouble(quiet) -> None:
    for ref in range(12):
        measured("container", ref + 1, at=quiet, label=f"web-{ref:02}", memory_bytes=ref * 20)
    seen = preview(unsaved(window_s=0), now=quiet)
    assert (seen.count, seen.names[0], seen.more) == (12, "web-00", 4)
    assert (seen.troubled_count, seen.troubled[0].value) == (7, 220)
    nodes = unsaved(condition="event", metric="node_down", object_kind="node", value=1)
    NodeFactory(state="down"), NodeFactory()
    assert (preview(nodes, now=quiet).count, preview(nodes, now=quiet).troubled_count) == (2, 1)


def test_how_often_it_fired_in_seven_days(quiet) -> None:
    alert = AlertFactory(fired_at=quiet - timedelta(days=1))
    AlertFactory(rule=alert.rule, state="cleared", fired_at=quiet - timedelta(days=8))
    assert history.fired_lately([alert.rule_id], now=quiet) == {alert.rule_id: 1}
