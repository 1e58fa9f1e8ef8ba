"""Rules on metrics over stored samples: means, shares, rates, absence, choice of objects, and the cap."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts.models import Alert, AlertChange, AlertRule, EvaluationRound
from apps.alerts.services import announced, evaluate, untold
from apps.alerts.services.deciding import MOST_OPEN_A_RULE
from tests.factories.alerts import RuleFactory, later, measured, minutes, sampled
from tests.factories.cluster import ClusterFactory, ContainerFactory, NodeFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def test_the_mean_decides_and_not_one_spike(quiet, look) -> None:
    """Six samples of a minute: one of 400 among zeros has a mean of 67, and 100 is the rule's value."""
    RuleFactory()
    spike, busy = measured("container", 1, at=quiet), measured("container", 2, at=quiet)
    sampled(spike, [0, 0, 0, 0, 0, 400], metric="memory_bytes", end=quiet)
    sampled(busy, [100] * 6, metric="memory_bytes", end=quiet)
    assert look(quiet) == {("container", 2): "firing"}


def test_each_step_is_kept_and_told_after_the_commit(
    quiet, look, frames, django_capture_on_commit_callbacks
) -> None:
    heard: list[list[int]] = []

    def hear(pks: list[int], **_signal: object) -> None:
        heard.append(pks)

    announced.connect(hear)
    RuleFactory(for_s=10)
    row = measured("container", 1, at=quiet)
    for seconds in (0, 10):
        sampled(row, [150] * 6, metric="memory_bytes", end=later(quiet, seconds))
        with django_capture_on_commit_callbacks(execute=True):
            look(later(quiet, seconds))
    announced.disconnect(hear)
    kinds = list(AlertChange.objects.values_list("kind", "sequence", "is_told"))
    assert kinds == [("opened", 1, True), ("fired", 2, False)]
    assert heard == [[untold()[0].pk]]
    assert [topic for topic, _data in frames] == ["alerts:all", "alerts:all"]


def test_what_never_fired_leaves_no_trace(quiet, look) -> None:
    RuleFactory(for_s=60)
    row = measured("container", 1, at=quiet)
    sampled(row, [150] * 6, metric="memory_bytes", end=quiet)
    assert look(quiet) == {("container", 1): "pending"}
    sampled(row, [1] * 6, metric="memory_bytes", end=later(quiet, 60))
    assert look(later(quiet, 60)) == {}
    assert not Alert.objects.exists()
    assert not AlertChange.objects.exists()


def test_a_share_of_limit_reservation_and_host(quiet, look) -> None:
    """The same 90 bytes: of a limit of 100, of 50 reserved, of a machine with 1000."""
    service = ServiceFactory(memory_reservation_bytes=50)
    node = NodeFactory()
    facts = {"memory_bytes": 90, "service_ref": service.pk, "node_ref": node.pk}
    measured("container", 1, at=quiet, memory_limit_bytes=100, **facts)
    measured("node", node.pk, at=quiet, memory_limit_bytes=1000, memory_bytes=1)
    common = {"window_s": 0}
    of_limit = RuleFactory(against="limit", value=90, **common)
    of_reservation = RuleFactory(against="reservation", value=180, **common)
    RuleFactory(against="host", value=10, **common)
    of_host = RuleFactory(against="host", value=9, **common)
    look(quiet)
    fired = {alert.rule_id: alert.last_value for alert in Alert.objects.all()}
    assert fired == {of_limit.pk: 90, of_reservation.pk: 180, of_host.pk: pytest.approx(9)}


def test_a_node_s_share_of_itself(quiet, look) -> None:
    measured("node", 1, at=quiet, disk_used_bytes=95, disk_total_bytes=100)
    measured("node", 2, at=quiet, disk_used_bytes=85, disk_total_bytes=100)
    RuleFactory(object_kind="node", metric="disk_used_bytes", against="host", value=90, window_s=0)
    assert look(quiet) == {("node", 1): "firing"}


def test_growth_by_the_hour(quiet, look) -> None:
    """From 5 in the first five minutes to 15 in the next five: 120 an hour, but for the middle sample."""
    fast, slow = measured("container", 1, at=quiet), measured("container", 2, at=quiet)
    sampled(fast, [5] * 30 + [15] * 30, metric="memory_bytes", end=quiet)
    sampled(slow, [5] * 30 + [6] * 30, metric="memory_bytes", end=quiet)
    RuleFactory(condition="rate", value=100, window_s=600, min_samples=5)
    assert look(quiet) == {("container", 1): "firing"}
    assert Alert.objects.get().last_value == pytest.approx(120, rel=0.05)


def test_an_hour_is_read_from_minutes(quiet, look) -> None:
    row = measured("container", 1, at=quiet, memory_bytes=150)
    minutes(row, [150.0] * 55, metric="memory_bytes", end=quiet)
    RuleFactory(window_s=3600, min_samples=300)
    assert look(quiet) == {("container", 1): "firing"}


def test_absence_is_of_one_thing_and_not_of_the_portal(quiet, look) -> None:
    """After a pause of the portal nothing is called silent until two minutes have gone by."""
    RuleFactory(condition="absence", metric="", value=60)
    measured("container", 1, at=later(quiet, -100))
    measured("container", 2, at=quiet)
    assert look(quiet) == {("container", 1): "firing"}
    Alert.objects.all().delete()
    EvaluationRound.objects.update(at=later(quiet, -3600))
    assert look(quiet) == {}
    for seconds in range(30, 120, 30):
        assert look(later(quiet, seconds)) == {}
    assert look(later(quiet, 130))[("container", 1)] == "firing"


def test_the_portal_was_away_and_an_alert_goes_on(quiet, look) -> None:
    """It fired before, an hour is missing, samples come later: it neither ends nor fires anew."""
    RuleFactory()
    row = measured("container", 1, at=quiet)
    sampled(row, [150] * 6, metric="memory_bytes", end=quiet)
    look(quiet)
    back = later(quiet, 3600)
    assert look(back) == {("container", 1): "firing"}
    sampled(row, [150] * 6, metric="memory_bytes", end=later(back, 10))
    assert look(later(back, 10)) == {("container", 1): "firing"}
    assert [change.kind for change in AlertChange.objects.all()] == ["fired"]


def test_which_objects_are_chosen(quiet, look) -> None:
    cluster = ClusterFactory()
    node = NodeFactory(cluster=cluster)
    plain = ContainerFactory(node=node, labels={"tier": "front"}, stack="shop")
    other = ContainerFactory(node=node, labels={"tier": "back"}, stack="blog")
    for container, name in ((plain, "web-1"), (other, "db-1")):
        measured(
            "container",
            container.pk,
            at=quiet,
            label=name,
            cluster_ref=cluster.pk,
            memory_bytes=150,
        )
    wanted = {
        "all": ("", 2),
        "name": ("web-*", 1),
        "label": ("tier=front", 1),
        "stack": ("shop", 1),
        "object": (str(plain.pk), 1),
    }
    rules = {
        RuleFactory(selection=selection, selector=selector, window_s=0).pk: count
        for selection, (selector, count) in wanted.items()
    }
    rules[RuleFactory(selection="label", selector="tier", window_s=0).pk] = 2
    rules[RuleFactory(cluster=ClusterFactory(), window_s=0).pk] = 0
    look(quiet)
    assert {pk: Alert.objects.filter(rule_id=pk).count() for pk in rules} == rules


def test_a_rule_that_matches_everything_is_capped_and_says_so(quiet, look) -> None:
    rule = RuleFactory(value=0, window_s=0)
    for ref in range(MOST_OPEN_A_RULE + 20):
        measured("container", ref + 1, at=quiet, memory_bytes=ref)
    assert len(look(quiet)) == MOST_OPEN_A_RULE
    rule.refresh_from_db()
    assert rule.matched == MOST_OPEN_A_RULE + 20
    assert not Alert.objects.filter(last_value__lt=20).exists()


def test_a_rule_that_was_switched_off_ends_its_alerts(quiet, look) -> None:
    rule = RuleFactory(window_s=0)
    measured("container", 1, at=quiet, memory_bytes=150)
    assert look(quiet)
    AlertRule.objects.filter(pk=rule.pk).update(is_enabled=False)
    assert look(later(quiet, 10)) == {}
    assert AlertChange.objects.last().kind == "cleared"


def test_what_comes_and_goes_is_kept_open(quiet, look) -> None:
    """Up and down each 10 s: after the fourth time within the hour it stays, and says so once."""
    RuleFactory(window_s=0)
    row = measured("container", 1, at=quiet)
    for index in range(20):
        moment = later(quiet, 10 * index)
        value = 1 if index % 2 else 150
        measured("container", 1, at=moment, label=row.label, memory_bytes=value)
        look(moment)
    kinds = [change.kind for change in AlertChange.objects.all()]
    assert (kinds.count("fired"), kinds.count("flapping"), kinds.count("cleared")) == (4, 1, 3)
    assert Alert.objects.filter(state="firing").get().is_flapping


def test_the_culprits_are_the_three_largest_of_that_node(quiet, look) -> None:
    RuleFactory(object_kind="node", window_s=0)
    measured("node", 1, at=quiet, memory_bytes=500)
    for ref, (node, value) in enumerate([(1, 10), (1, 30), (1, 20), (1, 40), (2, 90)], start=1):
        measured("container", ref, at=quiet, node_ref=node, memory_bytes=value)
    look(quiet)
    assert [one["value"] for one in Alert.objects.get().culprits] == [40, 30, 20]


def test_the_number_of_queries_depends_on_neither_rules_nor_objects(quiet) -> None:
    def queries(*, rules: int, objects: int) -> int:
        for _ in range(rules):
            RuleFactory(value=50, selection="label", selector="tier")
        for ref in range(objects):
            measured("container", ref + 1, at=quiet, memory_bytes=10)
        with CaptureQueriesContext(connection) as captured:
            evaluate(now=quiet)
        return len(captured)

    few = queries(rules=1, objects=1)
    assert queries(rules=20, objects=100) <= few + 2


def test_the_look_is_kept(quiet) -> None:
    kept = evaluate(now=quiet)
    assert (kept.at, kept.rule_count) == (quiet, 0)
    assert kept.steady_since < quiet
