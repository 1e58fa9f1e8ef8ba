"""What polls write: only differences, only news, stale marks with reasons, and what changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.nodes import services
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.services import happenings
from apps.workloads.models import Container, EngineImage, Service, Task
from tests.factories.infos import (
    cluster_snapshot,
    container_info,
    engine_snapshot,
    identity,
    image_info,
    manager,
    node_info,
    service_info,
    task_info,
    worker,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was published."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(happenings.live, "publish", lambda topic, data: sent.append((topic, data)))
    return sent


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.objects.create(name="swarm", kind="swarm", native_id="swarm-1")


@pytest.fixture
def endpoint() -> EngineEndpoint:
    return EngineEndpoint.objects.create(url="unix:///one")


def kinds() -> list[str]:
    return list(ClusterEvent.objects.order_by("pk").values_list("kind", flat=True))


def whole_snapshot(**values: Any) -> Any:
    known = {
        "nodes": (node_info("n1"), node_info("n2")),
        "services": (service_info("s1", desired_tasks=2, ports=("80/tcp",)),),
        "tasks": (task_info("t1"), task_info("t2", node_id="n2")),
    }
    return cluster_snapshot(**known | values)


def test_a_snapshot_becomes_rows(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    assert set(Node.objects.values_list("native_id", "state")) == {("n1", "ready"), ("n2", "ready")}
    service = Service.objects.get()
    assert (service.running_tasks, service.desired_tasks, service.ports) == (2, 2, ["80/tcp"])
    task = Task.objects.get(native_id="t2")
    assert task.service == service
    assert task.node is not None
    assert task.node.native_id == "n2"
    assert kinds() == ["cluster.found"]


def test_the_same_again_writes_only_when_it_was_seen(
    cluster: Cluster, django_assert_max_num_queries: Any
) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    before = {row.pk: row.observed_at for row in Node.objects.all()}
    with django_assert_max_num_queries(25) as counted:
        services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    assert not [call for call in counted.captured_queries if call["sql"].startswith("INSERT")]
    assert all(row.observed_at > before[row.pk] for row in Node.objects.all())


def test_what_is_gone_from_a_complete_snapshot_is_deleted(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    services.apply_cluster_snapshot(cluster.pk, snapshot=cluster_snapshot())
    assert (Node.objects.count(), Service.objects.count(), Task.objects.count()) == (1, 0, 0)
    assert kinds()[1:] == ["node.removed", "service.removed"]


def test_an_older_snapshot_changes_nothing(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    old = timezone.now() - timedelta(minutes=1)
    services.apply_cluster_snapshot(cluster.pk, snapshot=cluster_snapshot(taken_at=old))
    assert Node.objects.count() == 2


def test_a_dead_node_is_stale_and_its_tasks_do_not_count(
    cluster: Cluster,
    frames: list[tuple[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    dead = node_info("n2", state="down", status_message="heartbeat failure", version_index=12)
    with django_capture_on_commit_callbacks(execute=True):
        services.apply_cluster_snapshot(
            cluster.pk, snapshot=whole_snapshot(nodes=(node_info("n1"), dead))
        )
    node = Node.objects.get(native_id="n2")
    assert node.stale_since is not None
    assert "heartbeat failure" in node.stale_reason
    assert Service.objects.get().running_tasks == 1
    assert kinds()[1:] == ["node.down", "service.below"]
    ((topic, frame),) = frames
    assert topic == f"cluster:{cluster.pk}"
    assert frame["type"] == "state"
    assert [(found["id"], found["state"]) for found in frame["nodes"]] == [(node.pk, "down")]
    assert frame["tasks"] == {"running": 1, "desired": 2}


def test_a_node_that_is_back_is_fresh_and_its_engine_worth_asking(cluster: Cluster) -> None:
    down = node_info("n2", state="down")
    services.apply_cluster_snapshot(
        cluster.pk, snapshot=whole_snapshot(nodes=(node_info("n1"), down))
    )
    node = Node.objects.get(native_id="n2")
    endpoint = EngineEndpoint.objects.create(url="unix:///two", node=node, cluster=cluster)
    assert services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot()) == [endpoint.pk]
    node.refresh_from_db()
    assert node.is_fresh


def test_a_manager_that_does_not_answer_keeps_the_rows_and_says_why(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    services.cluster_poll_failed(cluster.pk, reason="No answer.", asked_at=timezone.now())
    cluster.refresh_from_db()
    assert (cluster.stale_reason, Node.objects.count()) == ("No answer.", 2)
    assert {node.stale_reason for node in Node.objects.all()} == {"No answer."}
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    assert not Node.objects.exclude(stale_since=None).exists()


def test_a_failure_that_was_asked_before_an_answer_does_not_count(cluster: Cluster) -> None:
    asked_at = timezone.now()
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    services.cluster_poll_failed(cluster.pk, reason="Too late.", asked_at=asked_at)
    cluster.refresh_from_db()
    assert cluster.stale_since is None


def test_another_swarm_behind_the_same_address_replaces_nothing(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    services.apply_cluster_snapshot(cluster.pk, snapshot=cluster_snapshot(native_id="other"))
    cluster.refresh_from_db()
    assert "another Swarm" in cluster.stale_reason
    assert Node.objects.count() == 2


def test_a_row_changed_by_an_operation_is_not_undone_by_a_slow_poll(cluster: Cluster) -> None:
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    Node.objects.filter(native_id="n1").update(availability="drain", version_index=99)
    services.apply_cluster_snapshot(cluster.pk, snapshot=whole_snapshot())
    assert Node.objects.get(native_id="n1").availability == "drain"


def test_an_engine_becomes_a_cluster_of_single_engines(endpoint: EngineEndpoint) -> None:
    snapshot = engine_snapshot(containers=(container_info(),), images=(image_info(),))
    node = services.apply_engine_snapshot(endpoint.pk, snapshot=snapshot)
    assert node is not None
    assert (node.role, node.cluster.kind, node.native_id) == ("single", "engines", "engine-1")
    endpoint.refresh_from_db()
    assert (endpoint.node, endpoint.api_version, endpoint.is_manager) == (node, "1.45", False)
    assert Container.objects.get().node == node
    assert EngineImage.objects.get().tags == ["team/app:1"]


def test_images_stay_when_they_were_not_asked(endpoint: EngineEndpoint) -> None:
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot(images=(image_info(),)))
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    assert EngineImage.objects.count() == 1
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot(images=()))
    assert EngineImage.objects.count() == 0


def test_containers_come_change_and_go(endpoint: EngineEndpoint) -> None:
    first = engine_snapshot(containers=(container_info("c1"), container_info("c2")))
    services.apply_engine_snapshot(endpoint.pk, snapshot=first)
    ended = container_info("c1", state="exited", status="Exited (137) 1 second ago")
    second = engine_snapshot(containers=(ended, container_info("c3")))
    services.apply_engine_snapshot(endpoint.pk, snapshot=second)
    states = dict(Container.objects.values_list("native_id", "state"))
    assert states == {"c1": "exited", "c3": "running"}
    assert kinds() == ["container.started", "container.removed", "container.killed"]


def test_an_engine_that_dies_is_stale_with_the_reason_and_keeps_its_rows(
    endpoint: EngineEndpoint,
) -> None:
    snapshot = engine_snapshot(containers=(container_info(),))
    services.apply_engine_snapshot(endpoint.pk, snapshot=snapshot)
    for _ in range(2):
        services.engine_poll_failed(endpoint.pk, reason="Refused.", asked_at=timezone.now())
    node = Node.objects.get()
    endpoint.refresh_from_db()
    assert (node.stale_reason, Container.objects.count()) == ("Refused.", 1)
    assert (endpoint.failures, endpoint.last_error) == (2, "Refused.")
    assert kinds() == ["node.stale"]
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    node.refresh_from_db()
    assert node.is_fresh


def test_a_manager_founds_its_cluster_and_a_worker_finds_it(endpoint: EngineEndpoint) -> None:
    other = EngineEndpoint.objects.create(url="unix:///two")
    lost = engine_snapshot(identity("engine-2", swarm=worker("n2")))
    assert services.apply_engine_snapshot(other.pk, snapshot=lost) is None
    other.refresh_from_db()
    assert "Add a manager's address" in other.last_error
    leading = engine_snapshot(identity(swarm=manager("n1")))
    node = services.apply_engine_snapshot(endpoint.pk, snapshot=leading)
    assert node is not None
    assert (node.cluster.kind, node.cluster.native_id) == ("swarm", "swarm-1")
    services.apply_cluster_snapshot(node.cluster_id, snapshot=whole_snapshot())
    found = engine_snapshot(identity("engine-2", swarm=worker("n2")))
    second = services.apply_engine_snapshot(other.pk, snapshot=found)
    assert second is not None
    assert (second.native_id, second.cluster) == ("n2", node.cluster)


def test_an_engine_that_joins_a_swarm_moves_and_moves_back(endpoint: EngineEndpoint) -> None:
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    joined = engine_snapshot(identity(swarm=manager()))
    node = services.apply_engine_snapshot(endpoint.pk, snapshot=joined)
    assert node is not None
    assert node.cluster.kind == "swarm"
    assert not Cluster.objects.filter(kind="engines").exists()
    back = services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    assert back is not None
    assert back.cluster.kind == "engines"


def test_a_second_address_of_a_node_waits_until_the_first_fails(endpoint: EngineEndpoint) -> None:
    second = EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376")
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    assert services.apply_engine_snapshot(second.pk, snapshot=engine_snapshot()) is None
    second.refresh_from_db()
    assert "second address" in second.last_error
    services.engine_poll_failed(endpoint.pk, reason="Refused.", asked_at=timezone.now())
    node = services.apply_engine_snapshot(second.pk, snapshot=engine_snapshot())
    assert node is not None
    assert node.is_fresh


def test_an_agent_shows_its_node_whichever_address_was_there_first(
    endpoint: EngineEndpoint,
) -> None:
    agent = EngineEndpoint.objects.create(url="tcp://10.0.0.1:12376", kind="agent")
    services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
    node = services.apply_engine_snapshot(agent.pk, snapshot=engine_snapshot())
    assert node is not None
    assert node.endpoint == agent
    assert services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot()) is None
    endpoint.refresh_from_db()
    assert "second address" in endpoint.last_error
    assert Node.objects.count() == 1


def test_a_copied_machine_with_the_same_engine_id_is_a_node_of_its_own(
    endpoint: EngineEndpoint,
) -> None:
    copy = EngineEndpoint.objects.create(url="unix:///copy")
    for _ in range(2):
        services.apply_engine_snapshot(endpoint.pk, snapshot=engine_snapshot())
        clone = engine_snapshot(identity(hostname="clone"))
        services.apply_engine_snapshot(copy.pk, snapshot=clone)
    assert set(Node.objects.values_list("native_id", flat=True)) == {"engine-1", "engine-1@clone"}


def test_a_removed_endpoint_or_cluster_is_no_error(cluster: Cluster) -> None:
    assert services.apply_engine_snapshot(404, snapshot=engine_snapshot()) is None
    services.engine_poll_failed(404, reason="gone", asked_at=timezone.now())
    services.cluster_poll_failed(404, reason="gone", asked_at=timezone.now())
    assert services.apply_cluster_snapshot(404, snapshot=whole_snapshot()) == []


def test_old_events_are_dropped(cluster: Cluster) -> None:
    for days in (1, 31, 40):
        at = timezone.now() - timedelta(days=days)
        ClusterEvent.objects.create(cluster=cluster, at=at, kind="x", subject_kind="x")
    assert services.drop_old_events() == 2
    assert ClusterEvent.objects.count() == 1
