"""What polls tell of services, tasks and containers."""

from __future__ import annotations

import pytest

from apps.workloads import diff
from dce_portal.difference import Difference, compare
from tests.factories.infos import (
    cluster_snapshot,
    container_info,
    node_info,
    service_info,
    task_info,
)


def test_running_counts_only_where_the_node_is_ready() -> None:
    snapshot = cluster_snapshot(
        nodes=(node_info("n1"), node_info("n2", state="down")),
        tasks=(
            task_info("t1"),
            task_info("t2", node_id="n2"),
            task_info("t3", desired_state="shutdown"),
            task_info("t4", state="failed"),
        ),
    )
    assert diff.running_counts(snapshot) == {"s1": 1}


def test_a_task_names_only_what_the_snapshot_knows() -> None:
    snapshot = cluster_snapshot(services=(), tasks=(task_info(node_id="gone"),))
    (task,) = diff.linked_tasks(snapshot)
    assert (task.service_id, task.node_id) == ("", "")


def test_services_tell_of_images_counts_and_rollbacks() -> None:
    before = service_info()
    after = service_info(image="team/app:2", desired_tasks=3, update_state="rollback_completed")
    found = diff.service_happenings(compare({"s1": before}, [after]))
    assert [(one.kind, one.severity) for one in found] == [
        ("service.image", "info"),
        ("service.scaled", "info"),
        ("service.update", "error"),
    ]


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [(3, 1, ["service.below"]), (1, 3, ["service.whole"]), (1, 2, []), (3, 3, [])],
)
def test_missing_replicas_are_told_once(before: int, now: int, kinds: list[str]) -> None:
    services = [service_info(desired_tasks=3)]
    found = diff.replica_happenings(services, before={"s1": before}, now={"s1": now})
    assert [one.kind for one in found] == kinds


def test_a_task_that_failed_is_told_once() -> None:
    failed = task_info(state="failed", error="exit (1)")
    first = diff.task_happenings(
        compare({"t1": task_info()}, [failed]), service_names={"s1": "web"}
    )
    again = task_info(state="failed", error="exit (1)", message="seen again")
    second = diff.task_happenings(compare({"t1": failed}, [again]), service_names={})
    assert [(one.kind, one.subject_label) for one in first] == [("task.failed", "web.1")]
    assert second == []


@pytest.mark.parametrize(
    ("status", "kind", "severity"),
    [
        ("Exited (0) 1 second ago", "container.died", "info"),
        ("Exited (1) 1 second ago", "container.died", "error"),
        ("Exited (137) 1 second ago", "container.killed", "error"),
        ("Dead", "container.died", "error"),
    ],
)
def test_a_containers_end_says_how(status: str, kind: str, severity: str) -> None:
    pair = (container_info(), container_info(state="exited", status=status))
    (found,) = diff.container_happenings(Difference(changed=(pair,)))
    assert (found.kind, found.severity) == (kind, severity)


def test_containers_that_start_turn_unhealthy_or_vanish() -> None:
    sick = container_info("c2", health="unhealthy")
    found = diff.container_happenings(
        Difference(
            created=(container_info("c1"), container_info("c9", state="created")),
            changed=((container_info("c2"), sick),),
            removed=(container_info("c3"), container_info("c4", state="exited")),
        )
    )
    assert [one.kind for one in found] == [
        "container.started",
        "container.removed",
        "container.unhealthy",
    ]
