"""Facts as alerts, what explains what, and what is calm."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from apps.alerts.models import Alert, AlertChange
from apps.alerts.selectors import outlooks
from apps.alerts.selectors.facts import portal
from apps.alerts.selectors.outlooks import Expected
from apps.metrics.models import Outlook, TimeToFull
from apps.metrics.outlooks.packing import Curve, pack
from apps.nodes.models import AgentCertificate, Cluster, EngineEndpoint
from tests.factories.accounts import UserFactory, token_of
from tests.factories.alerts import AlertFactory, RuleFactory, later, measured
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    EventFactory,
    NodeFactory,
    ServiceFactory,
    TaskFactory,
)
from tests.factories.registry import RobotFactory

pytestmark = pytest.mark.django_db


def fact(metric: str, kind: str, value: float = 1, **more: object):
    return RuleFactory(
        condition="event", metric=metric, object_kind=kind, value=value, **{"window_s": 600, **more}
    )


def test_a_node_is_down_and_back(quiet, look) -> None:
    fact("node_down", "node", for_s=60)
    node = NodeFactory(state="down")
    assert look(quiet) == {("node", node.pk): "pending"}
    assert look(later(quiet, 60)) == {("node", node.pk): "firing"}
    type(node).objects.update(state="ready")
    assert look(later(quiet, 70)) == {}


def test_nothing_is_known_of_a_cluster_that_does_not_answer(quiet, look) -> None:
    """The node's row says "ready" only because it was so when the last manager answered."""
    fact("node_down", "node")
    node = NodeFactory(state="down")
    look(quiet)
    Cluster.objects.filter(pk=node.cluster_id).update(stale_since=quiet)
    type(node).objects.update(state="ready")
    assert look(later(quiet, 10)) == {("node", node.pk): "firing"}


def test_a_silent_node_is_told_by_how_long(quiet, look) -> None:
    fact("node_silent", "node", value=300)
    nodes = [NodeFactory(stale_since=quiet - timedelta(seconds=age)) for age in (200, 400)]
    for index, node in enumerate(nodes):
        EngineEndpoint.objects.create(url=f"tcp://10.0.0.{index}:2376", node=node, failures=3)
    assert look(quiet) == {("node", nodes[1].pk): "firing"}


@pytest.mark.parametrize(
    ("reachable", "managers", "fires"),
    [(1, 1, False), (3, 3, False), (2, 3, True), (4, 5, False), (3, 5, True), (2, 5, True)],
)
def test_the_quorum_is_at_risk_when_no_further_manager_may_fail(
    quiet, look, reachable: int, managers: int, fires: bool
) -> None:
    """One manager alone is a choice, not an event: nothing has failed."""
    fact("quorum_margin", "cluster", value=0, comparison="below")
    cluster = ClusterFactory()
    for number in range(managers):
        word = "reachable" if number < reachable else "unreachable"
        NodeFactory(cluster=cluster, role="manager", reachability=word)
    assert bool(look(quiet)) is fires


def test_a_service_lacks_tasks_but_a_job_does_not(quiet, look) -> None:
    fact("replicas_short", "service")
    short = ServiceFactory(desired_tasks=3, running_tasks=1)
    ServiceFactory(desired_tasks=3, running_tasks=3)
    ServiceFactory(desired_tasks=3, running_tasks=0, mode="replicated-job")
    assert look(quiet) == {("service", short.pk): "firing"}
    assert Alert.objects.get().last_value == 2


def test_tasks_fail_again_and_again(quiet, look) -> None:
    fact("crash_loop", "service", value=3)
    fact("task_rejected", "service", value=2)
    service = ServiceFactory()
    recent = {"service": service, "updated_at": quiet - timedelta(minutes=5)}
    TaskFactory.create_batch(3, state="failed", **recent)
    TaskFactory(state="rejected", **recent)
    TaskFactory(service=service, state="failed", updated_at=quiet - timedelta(minutes=20))
    look(quiet)
    assert [(one.metric, one.last_value) for one in Alert.objects.all()] == [("crash_loop", 3)]


def test_out_of_memory_is_told_of_the_service_whose_container_is_gone(quiet, look) -> None:
    fact("oom", "service")
    fact("oom", "container")
    service = ServiceFactory()
    node = NodeFactory(cluster=service.cluster)
    TaskFactory(service=service, node=node, container_native_id="gone")
    alone = ContainerFactory(node=node, native_id="alone")
    for native_id in ("gone", "alone"):
        EventFactory(
            node=node, at=quiet, kind="container.oom", severity="error", subject_id=native_id
        )
    assert set(look(quiet)) == {("service", service.pk), ("container", alone.pk)}


def test_containers_that_are_unhealthy_or_end(quiet, look) -> None:
    fact("unhealthy", "container")
    fact("container_died", "container", value=2)
    ill = ContainerFactory(health="unhealthy")
    dying = ContainerFactory(state="exited")
    for _ in range(2):
        EventFactory(
            node=dying.node,
            at=quiet,
            kind="container.died",
            severity="error",
            subject_id=dying.native_id,
        )
    assert set(look(quiet)) == {("container", ill.pk), ("container", dying.pk)}


def test_certificates_and_tokens_that_end_soon(quiet, look) -> None:
    fact("certificate_days", "node", value=14, comparison="below")
    fact("token_days", "token", value=7, comparison="below")
    node = NodeFactory()
    endpoint = EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376", node=node)
    for serial, days in (("a", 3), ("b", 80)):
        AgentCertificate.objects.create(
            endpoint=endpoint,
            name="n",
            serial_hex=serial,
            fingerprint_sha256=serial,
            issued_at=quiet + timedelta(days=days - 90),
            expires_at=quiet + timedelta(days=days),
        )
    soon = {"expires_at": quiet + timedelta(days=5)}
    used = token_of(UserFactory(), last_used_at=quiet, **soon).token
    token_of(UserFactory(), **soon)
    assert look(quiet) == {("token", used.pk): "firing"}
    AgentCertificate.objects.filter(serial_hex="b").update(expires_at=quiet + timedelta(days=9))
    assert ("node", node.pk) in look(later(quiet, 10))


def test_robots_in_use_that_end_soon(quiet, look) -> None:
    fact("token_days", "robot", value=7, comparison="below")
    soon = {"expires_at": quiet + timedelta(days=5)}
    used = RobotFactory(last_used_at=quiet, **soon)
    RobotFactory(**soon)
    RobotFactory(last_used_at=quiet, revoked_at=quiet, **soon)
    RobotFactory(last_used_at=quiet, expires_at=quiet + timedelta(days=8))
    assert look(quiet) == {("robot", used.pk): "firing"}
    assert Alert.objects.get().object_label == used.username


def test_the_portal_hears_nothing(quiet, look) -> None:
    fact("poll_late", "portal", value=120)
    measured("node", 1, at=later(quiet, -300))
    assert look(quiet) == {}, "there is nothing to be polled"
    EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376")
    assert look(later(quiet, 10)) == {("portal", 0): "firing"}


def test_a_backup_that_was_never_set_up_is_not_overdue(quiet, look, monkeypatch) -> None:
    fact("backup_age", "portal", value=36)
    assert look(quiet) == {}
    monkeypatch.setattr(portal, "_backup_sources", [lambda: None])
    assert look(later(quiet, 10)) == {}
    monkeypatch.setattr(portal, "_backup_sources", [lambda: quiet - timedelta(hours=40)])
    assert look(later(quiet, 20)) == {("portal", 0): "firing"}


def test_what_is_expected_of_disks(quiet, look, monkeypatch) -> None:
    disk = {"metric": "disk_used_bytes", "object_kind": "node"}
    full = RuleFactory(condition="time_to_full", value=48, comparison="below", **disk)
    outlook = RuleFactory(condition="forecast", against="host", value=90, **disk)
    assert look(quiet) == {}, "nobody keeps outlooks"
    for ref in (1, 2):
        measured("node", ref, at=quiet, disk_total_bytes=100.0)
    expected = [
        Expected(kind="node", ref=1, highest=95, hours_to_full=24),
        Expected(kind="node", ref=2, highest=50),
    ]
    monkeypatch.setattr(outlooks, "_sources", [lambda _wish: expected])
    look(later(quiet, 10))
    fired = {(one.rule_id, one.object_ref): one.last_value for one in Alert.objects.all()}
    assert fired == {(full.pk, 1): 24, (outlook.pk, 1): 95}


def test_the_kept_outlooks_are_read(quiet, look) -> None:
    """Full in 40 h by its trend; the outlook reaches 95 in its sixth hour, and one without skill counts for nothing."""
    disk = {"metric": "disk_used_bytes", "object_kind": "node"}
    full = RuleFactory(condition="time_to_full", value=48, comparison="below", **disk)
    soon = RuleFactory(condition="forecast", value=95, window_s=6 * 3600, **disk)
    late = RuleFactory(condition="forecast", value=95, window_s=3600, **disk)
    node, unproven = measured("node", 1, at=quiet), measured("node", 2, at=quiet)
    TimeToFull.objects.create(
        object=node,
        measure="disk_used_bytes",
        threshold=100,
        expected_at=later(quiet, 40 * 3600),
        early_at=later(quiet, 30 * 3600),
        used=90,
        capacity=100,
        issued_at=quiet,
    )
    values = np.array([80.0] * 5 + [95.0] + [80.0] * 18)
    for row in (node, unproven):
        Outlook.objects.create(
            object=row,
            measure="disk_used_bytes",
            horizon_h=24,
            start_s=int(quiet.timestamp()),
            issued_at=quiet,
            packed=pack(Curve(values, values, values)),
            is_proven=row is node,
        )
    look(quiet)
    fired = {one.rule_id: round(one.last_value) for one in Alert.objects.all()}
    assert fired == {full.pk: 40, soon.pk: 95}
    assert late.pk not in fired


def test_a_node_that_is_down_explains_what_it_brings_about(quiet, look) -> None:
    """The service's alert is kept and nobody is told of it; when it outlasts the node's, somebody is."""
    fact("node_down", "node", for_s=60)
    fact("replicas_short", "service")
    service = ServiceFactory(desired_tasks=1, running_tasks=0)
    node = NodeFactory(cluster=service.cluster, state="down")
    TaskFactory(service=service, node=node)
    look(quiet)
    short, down = Alert.objects.get(object_kind="service"), Alert.objects.get(object_kind="node")
    assert (short.state, short.inhibited_by) == ("firing", down)
    assert not AlertChange.objects.filter(alert=short, is_told=False).exists()
    look(later(quiet, 60))
    type(node).objects.update(state="ready")
    look(later(quiet, 70))
    short.refresh_from_db()
    assert short.inhibited_by == down, "its tasks need a moment to come back"
    look(later(quiet, 200))
    kinds = AlertChange.objects.filter(alert=short).values_list("kind", "is_told")
    assert list(kinds) == [("fired", True), ("released", False)]


def test_an_end_is_told_only_after_a_begin(quiet, look) -> None:
    fact("node_down", "node")
    fact("replicas_short", "service")
    service = ServiceFactory(desired_tasks=1, running_tasks=0)
    TaskFactory(service=service, node=NodeFactory(cluster=service.cluster, state="down"))
    look(quiet)
    type(service).objects.update(running_tasks=1)
    look(later(quiet, 10))
    told = AlertChange.objects.filter(alert__object_kind="service", is_told=False)
    assert not told.exists()


def test_alerts_of_one_stack_have_one_group(quiet, look) -> None:
    fact("replicas_short", "service")
    cluster = ClusterFactory()
    for stack in ("shop", "shop", ""):
        ServiceFactory(cluster=cluster, stack=stack, desired_tasks=1, running_tasks=0)
    look(quiet)
    groups = sorted(alert.group_key for alert in Alert.objects.all())
    assert groups[1:] == [f"{cluster.pk}/stack:shop"] * 2
    assert groups[0].startswith(f"{cluster.pk}/service:")


def test_an_alert_of_a_deleted_rule_is_over_and_stays_in_the_history(quiet, look) -> None:
    alert = AlertFactory()
    alert.rule.delete()
    assert look(quiet) == {}
    alert.refresh_from_db()
    assert (alert.state, alert.rule, bool(alert.rule_name)) == ("cleared", None, True)
