"""Whose log and console the portal can open, for whom, by which way, and why not where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.nodes.models import Node
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.streams import LogKind, LogSource
from apps.nodes.selectors import manager_addresses
from apps.nodes.selectors.streams import (
    engine_addresses,
    is_standalone,
    is_swarm,
    own_endpoint,
)
from apps.workloads import selectors
from apps.workloads.models import Container, Service, Task
from apps.workloads.selectors import Viewer
from dce_portal.errors import NotFound, PermissionDenied, Unsupported

VIEW_LOGS = "workloads.view_logs"
OPEN_CONSOLE = "workloads.open_console"

Row = Container | Task | Service


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask, and for what."""

    source: LogSource
    addresses: tuple[EngineAddress, ...]
    of_standalone: bool = False


def rows_of(kind: str, user: Viewer) -> QuerySet[Any]:
    """The containers, tasks or services that the person may see, with what decides the way."""
    if kind == LogKind.CONTAINER:
        return selectors.containers_visible_to(user).select_related("node__endpoint")
    if kind == LogKind.TASK:
        return selectors.tasks_visible_to(user).select_related("node__endpoint", "node__cluster")
    return selectors.services_visible_to(user)


def row_for(kind: str, pk: int, user: Viewer, *, permission: str) -> Row:
    """The row, for who has the right and may see it."""
    if not user.is_active or not user.has_perm(permission):
        raise PermissionDenied(_refusals()[permission])
    row: Row | None = rows_of(kind, user).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("The portal knows no such container, task or service any more."))
    return row


def _refusals() -> dict[str, str]:
    return {
        VIEW_LOGS: _("You may not read logs. An administrator can give you the right."),
        OPEN_CONSOLE: _("You may not open consoles. An administrator can give you the right."),
    }


def why_no_log(row: Row) -> str:
    """Why there is no way to this log; empty where there is one. Nothing is asked beyond the row."""
    if isinstance(row, Service | Task) or _task_of(row):
        return ""
    return "" if _reaches(row.node) else _no_address()


def why_no_console(container: Container) -> str:
    """The same for a console, which only an engine, its agent or a standalone manager can open."""
    if not _reaches(container.node):
        return _no_address()
    if container.node.has_console is False and own_endpoint(container.node) is not None:
        return _(
            "The agent of this node lets no consoles through: its operator has set it to read-only, or given it"
            " a list of routes without them."
        )
    return ""


def log_place(row: Row) -> Place:
    """Where its log is asked; Unsupported with the reason where nowhere."""
    if why := why_no_log(row):
        raise Unsupported(why)
    if isinstance(row, Service):
        return Place(LogSource(LogKind.SERVICE, row.native_id), manager_addresses(row.cluster))
    if isinstance(row, Task):
        return _task_place(row)
    if _reaches(row.node):
        return _container_place(row.node, row.native_id)
    source = LogSource(LogKind.TASK, row.task_native_id)
    return Place(source, manager_addresses(row.node.cluster))


def console_place(container: Container) -> Place:
    """Where a console is opened; Unsupported with the reason where nowhere."""
    if why := why_no_console(container):
        raise Unsupported(why)
    return _container_place(container.node, container.native_id)


def _task_place(task: Task) -> Place:
    """The node's own engine where it can be asked: managers gather slowly, and lose what dead nodes had."""
    node = task.node
    if node is not None and task.container_native_id and own_endpoint(node) is not None:
        return _container_place(node, task.container_native_id)
    return Place(LogSource(LogKind.TASK, task.native_id), manager_addresses(task.cluster))


def _container_place(node: Node, native_id: str) -> Place:
    by_managers = own_endpoint(node) is None
    return Place(LogSource(LogKind.CONTAINER, native_id), engine_addresses(node), by_managers)


def _task_of(container: Container) -> bool:
    return bool(container.task_native_id) and is_swarm(container.node.cluster)


def _reaches(node: Node) -> bool:
    return own_endpoint(node) is not None or is_standalone(node.cluster)


def _no_address() -> str:
    return _(
        "The portal has no address of this node's engine. Run a join line there, which brings its agent, or add"
        " the engine's address."
    )
