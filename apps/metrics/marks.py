"""What happened to a thing while it was measured: the marks over its charts, from records that are there anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db.models import Min, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.nodes.models import ClusterEvent
from apps.nodes.selectors import events_visible_to
from apps.workloads.selectors import (
    containers_visible_to,
    services_visible_to,
    stacks_visible_to,
    tasks_visible_to,
)
from dce_portal.models import Operation, OperationState

if TYPE_CHECKING:
    from apps.workloads.models import Task

MOST = 200
MOST_SERVICES = 50
LONGEST_TEXT = 200
# The manager's word of a new image and the first task of it are one deploy.
ONE_DEPLOY = timedelta(minutes=5)

DEPLOYS = ("service.image", "service.created", "service.scaled", "service.removed")
REPLICAS = ("service.below", "service.whole")
FAILURES = ("task.failed", "task.rejected", "task.orphaned")
DEATHS = ("container.oom", "container.killed", "container.died", "container.unhealthy")
RESTARTS = ("container.started",)
# While one of these lasts, no figures come: a chart's gap names it as the reason.
SILENCES = (
    "node.stale",
    "node.down",
    "node.disconnected",
    "node.unknown",
    "node.unhealthy",
    "node.engine_silent",
    "cluster.no_leader",
    "cluster.locked",
)
NODE_STATES = (
    *SILENCES,
    "node.joined",
    "node.removed",
    "node.ready",
    "node.back",
    "node.engine_back",
    "node.availability",
)
SEVERITY_TONES = {"warning": "late", "error": "bad"}
GOOD = frozenset({"node.ready", "node.back", "node.joined", "node.engine_back", "service.whole"})
OPERATION_TONES = {OperationState.FAILED: "bad", OperationState.CANCELLED: "off"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: when, whose, what, and how bad; `silence` says that figures may be missing from then on."""

    at: int
    kind: str
    tone: str
    subject: str
    text: str
    link: str = ""
    silence: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """From when to when."""

    start: datetime
    end: datetime


def marks_of(user: User, *, kind: str, ref: int, between: Between) -> tuple[list[Mark], bool]:
    """The newest marks that this person may see, oldest first, and whether older ones were left out."""
    events = _events(user, kind=kind, ref=ref, between=between)
    operations = _operations(user, kind=kind, ref=ref, between=between)
    first_tasks = _first_tasks(user, kind=kind, ref=ref, between=between)
    told = [mark.at for mark in events if mark.kind in DEPLOYS]
    new = [mark for mark in first_tasks if not _is_near(mark.at, told)]
    found = sorted([*events, *operations, *new], key=lambda mark: mark.at)
    return found[-MOST:], len(found) > MOST


def _is_near(at: int, moments: list[int]) -> bool:
    return any(abs(at - moment) <= ONE_DEPLOY.total_seconds() for moment in moments)


def _events(user: User, *, kind: str, ref: int, between: Between) -> list[Mark]:
    wanted = EVENTS_OF[kind](user, ref)
    if wanted is None:
        return []
    rows = events_visible_to(user).filter(wanted, at__gte=between.start, at__lte=between.end)
    return [_of_event(event) for event in rows.order_by("-at", "-pk")[: MOST + 1]]


def _of_event(event: ClusterEvent) -> Mark:
    reason = event.detail.get("reason") or event.detail.get("error") or event.detail.get("message")
    text = f"{event.words}: {reason}" if reason else event.words
    return Mark(
        at=int(event.at.timestamp()),
        kind=event.kind,
        tone=_tone(event),
        subject=event.subject_label,
        text=text[:LONGEST_TEXT],
        silence=event.kind in SILENCES,
    )


def _tone(event: ClusterEvent) -> str:
    if event.kind in DEPLOYS:
        return "busy"
    return SEVERITY_TONES.get(event.severity, "good" if event.kind in GOOD else "off")


def _of_cluster(user: User, ref: int) -> Q | None:
    bad_updates = Q(kind="service.update", severity=ClusterEvent.Severity.ERROR)
    kinds = (*NODE_STATES, *DEPLOYS, *FAILURES, "container.oom", "container.killed")
    return Q(cluster=ref) & (Q(kind__in=kinds) | bad_updates)


def _of_node(user: User, ref: int) -> Q | None:
    return Q(node=ref, kind__in=(*NODE_STATES, *FAILURES, *DEATHS, *RESTARTS))


def _of_service(user: User, ref: int) -> Q | None:
    return _of_services(services_visible_to(user).filter(pk=ref))


def _of_services(services: QuerySet[Any]) -> Q | None:
    """By names: what the events name is often gone, and a task's and its container's name begin with the service's."""
    wanted = Q(pk=None)
    for cluster, name in services.values_list("cluster_id", "name")[:MOST_SERVICES]:
        itself = Q(subject_kind="service", subject_label=name, kind__in=(*DEPLOYS, *REPLICAS))
        failed = Q(subject_kind="service", subject_label=name, kind="service.update")
        failed &= Q(severity=ClusterEvent.Severity.ERROR)
        tasks = Q(
            subject_kind__in=("task", "container"),
            subject_label__startswith=f"{name}.",
            kind__in=(*FAILURES, *DEATHS, *RESTARTS),
        )
        wanted |= Q(cluster=cluster) & (itself | failed | tasks)
    return wanted


def _of_stack(user: User, ref: int) -> Q | None:
    stack = stacks_visible_to(user).filter(pk=ref).first()
    if stack is None:
        return None
    own = {"stack": stack.name}
    services = services_visible_to(user).filter(cluster=stack.cluster_id, **own)
    containers = containers_visible_to(user).filter(node__cluster=stack.cluster_id, **own)
    ids = list(containers.values_list("native_id", flat=True)[:MOST])
    found = Q(cluster=stack.cluster_id, subject_kind="container", subject_id__in=ids)
    return (_of_services(services) or Q(pk=None)) | (found & Q(kind__in=(*DEATHS, *RESTARTS)))


def _of_container(user: User, ref: int) -> Q | None:
    container = containers_visible_to(user).filter(pk=ref).first()
    if container is None:
        return None
    itself = Q(subject_kind="container", subject_id=container.native_id)
    node = Q(node=container.node_id, subject_kind="node", kind__in=NODE_STATES)
    deploys = Q(pk=None)
    if container.service is not None:
        service = {"subject_kind": "service", "subject_label": container.service.name}
        deploys = Q(cluster=container.node.cluster_id, kind__in=DEPLOYS, **service)
    return itself | node | deploys


EVENTS_OF: dict[str, Callable[[User, int], Q | None]] = {
    "cluster": _of_cluster,
    "node": _of_node,
    "service": _of_service,
    "stack": _of_stack,
    "container": _of_container,
}


def _operations(user: User, *, kind: str, ref: int, between: Between) -> Iterator[Mark]:
    """What people started on the thing itself."""
    mine = Q() if user.has_perm("portal.view_operation") else Q(actor=user)
    within = Q(created_at__gte=between.start, created_at__lte=between.end)
    rows = Operation.objects.filter(mine, within, target_kind=kind, target_id=str(ref))
    for operation in rows.order_by("-created_at")[:MOST]:
        state = OperationState(operation.state)
        yield Mark(
            at=int((operation.started_at or operation.created_at).timestamp()),
            kind=f"operation.{operation.kind}",
            tone=OPERATION_TONES.get(state, "busy"),
            subject=operation.title,
            text=str(state.label),
            link=_page_of(operation),
        )


def _page_of(operation: Operation) -> str:
    try:
        return reverse("admin:portal_operation_change", args=[operation.pk])
    except NoReverseMatch:
        return ""


def _first_tasks(user: User, *, kind: str, ref: int, between: Between) -> Iterator[Mark]:
    """The first task of each image after another: a deploy that no poll saw as a change of the service."""
    tasks = _tasks_of(user, kind=kind, ref=ref).filter(service__isnull=False)
    firsts = tasks.values("service__name", "image").annotate(first=Min("created_at"))
    rows = list(firsts.filter(first__lte=between.end).order_by("-first")[:MOST])
    # Of the oldest image known nobody can tell whether its first task is still among them.
    for newer, older in pairwise(sorted(rows, key=lambda row: (row["service__name"], -_s(row)))):
        is_same = newer["service__name"] == older["service__name"]
        if is_same and newer["first"] >= between.start:
            yield _of_first_task(newer)


def _s(row: Mapping[str, Any]) -> float:
    return float(row["first"].timestamp())


def _of_first_task(row: Mapping[str, Any]) -> Mark:
    image = row["image"].partition("@")[0]
    return Mark(
        at=int(_s(row)),
        kind="task.image",
        tone="busy",
        subject=row["service__name"],
        text=(_("started with the image %(image)s") % {"image": image})[:LONGEST_TEXT],
    )


def _tasks_of(user: User, *, kind: str, ref: int) -> QuerySet[Task]:
    """The tasks of a service or a stack; what a whole cluster deploys, its events tell well enough."""
    tasks = tasks_visible_to(user).order_by()
    if kind == "service":
        return tasks.filter(service=ref)
    stack = stacks_visible_to(user).filter(pk=ref).first() if kind == "stack" else None
    if stack is None:
        return tasks.none()
    return tasks.filter(cluster=stack.cluster_id, service__stack=stack.name)
