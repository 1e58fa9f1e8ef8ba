"""Where open alerts belong: on which nodes what they are about has tasks, for inhibition and grouping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from apps.alerts.models import Alert
from apps.alerts.rules.catalogue import subject_of
from apps.alerts.rules.inhibition import NODE_DOWN, NODE_SILENT, QUORUM_LOST, Place
from apps.workloads.models import Container, Service, Task

QUORUM_MARGIN = "quorum_margin"
CAUSING_FACTS = ("poll_late", "cluster_silent", QUORUM_MARGIN, NODE_DOWN, NODE_SILENT)
NODE_CAUSES = (NODE_DOWN, NODE_SILENT)


def places_of(alerts: Sequence[Alert]) -> list[Place]:
    """Each alert with the nodes that it depends on; these are read only while a node is in trouble."""
    subjects = {alert.pk: _subject(alert) for alert in alerts}
    hurt = {alert.object_ref for alert in alerts if subjects[alert.pk] in NODE_CAUSES}
    by_container = _nodes_of_containers(alerts) if hurt else {}
    by_service = _hurt_nodes_of_services(alerts, hurt) if hurt else {}
    by_kind = {"container": by_container, "service": by_service}
    return [
        Place(
            key=alert.pk,
            subject=subjects[alert.pk],
            kind=alert.object_kind,
            ref=alert.object_ref,
            cluster_ref=alert.cluster_id,
            node_refs=frozenset(by_kind.get(alert.object_kind, {}).get(alert.object_ref, ())),
        )
        for alert in alerts
    ]


def _subject(alert: Alert) -> str:
    """The fact or condition; a quorum that only has no room left explains nothing, one that is lost does."""
    if alert.rule is None:
        return ""
    subject = subject_of(alert.rule.condition, alert.rule.metric)
    is_lost = subject == QUORUM_MARGIN and (alert.last_value or 0.0) < 0
    return QUORUM_LOST if is_lost else subject


def _refs(alerts: Iterable[Alert], kind: str) -> set[int]:
    return {alert.object_ref for alert in alerts if alert.object_kind == kind}


def _nodes_of_containers(alerts: Sequence[Alert]) -> dict[int, set[int]]:
    rows = Container.objects.filter(pk__in=_refs(alerts, "container"))
    return {pk: {node} for pk, node in rows.values_list("pk", "node_id")}


def _hurt_nodes_of_services(alerts: Sequence[Alert], hurt: set[int]) -> dict[int, set[int]]:
    """Which of the nodes in trouble had tasks of the service."""
    tasks = Task.objects.filter(service_id__in=_refs(alerts, "service"), node_id__in=hurt)
    found: dict[int, set[int]] = defaultdict(set)
    for service, node in tasks.order_by().values_list("service_id", "node_id").distinct():
        found[service].add(node)
    return found


def group_keys(alerts: Sequence[Alert]) -> dict[int, str]:
    """What each new alert is told together with, by its index: its stack, else service, node or cluster."""
    services = dict(
        Service.objects.filter(pk__in=_refs(alerts, "service")).values_list("pk", "stack")
    )
    containers: dict[int, Mapping[str, object]] = {
        row["pk"]: {**row}
        for row in Container.objects.filter(pk__in=_refs(alerts, "container")).values(
            "pk", "stack", "service_id", "node_id"
        )
    }
    return {
        index: _group(alert, services, containers.get(alert.object_ref, {}))
        for index, alert in enumerate(alerts)
    }


def _group(alert: Alert, stacks: dict[int, str], container: Mapping[str, object]) -> str:
    if alert.object_kind == "service":
        stack = stacks.get(alert.object_ref)
        own = f"stack:{stack}" if stack else f"service:{alert.object_ref}"
    elif alert.object_kind == "container" and container:
        own = _group_of_container(container)
    else:
        own = f"{alert.object_kind}:{alert.object_ref}"
    return f"{alert.cluster_id or 0}/{own}"[:120]


def _group_of_container(row: Mapping[str, object]) -> str:
    if row["stack"]:
        return f"stack:{row['stack']}"
    return f"service:{row['service_id']}" if row["service_id"] else f"node:{row['node_id']}"
