"""What an engine's disk holds, measured on demand, and the removal of what is unused there; operations both."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import EngineDiskUsage, Node
from apps.nodes.ports.upkeep import DiskUsage, PruneWish, UpkeepPort
from apps.nodes.selectors import address_of
from apps.nodes.services.asking import ask
from apps.nodes.services.upkeep_lock import upkeep_lock
from apps.workloads.services import NodeRef, mirror_volumes
from dce_portal.errors import InvalidInput, NotFound, PortalError
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import bytes_human

MEASURE = "node.disk_usage"
PRUNE = "node.prune"
MOST_NAMES_TOLD = 50


def measure_disk(*, node: Node, origin: Origin) -> Operation:
    """Measure the disk of a node's engine; the caller has checked `nodes.operate_node`."""
    return _start(MEASURE, node, title=_("Measure the disk of %(node)s"), origin=origin)


def prune_node(*, node: Node, wish: PruneWish, origin: Origin) -> Operation:
    """Remove what is unused on a node; the caller has checked `nodes.prune_node`."""
    if wish.is_empty:
        raise InvalidInput(_("Choose what to remove."))
    title = _("Remove what is unused on %(node)s")
    return _start(PRUNE, node, title=title, origin=origin, parameters=asdict(wish))


def _start(
    kind: str,
    node: Node,
    *,
    title: str,
    origin: Origin,
    parameters: Mapping[str, Any] | None = None,
) -> Operation:
    _port_of(node)
    return start_operation(
        kind,
        title=title % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters=parameters,
    )


def _port_of(node: Node) -> UpkeepPort:
    endpoint = getattr(node, "endpoint", None)
    if endpoint is None:
        raise NotFound(
            _("No engine address leads to %(node)s; only its own engine knows its disk.")
            % {"node": node.hostname}
        )
    return backends.upkeep_port(address_of(endpoint))


def _node_of(run: OperationRun) -> Node:
    rows = Node.objects.select_related("endpoint")
    node = rows.filter(pk=run.operation.target_id).first()
    if node is None:
        raise NotFound(_("This node is no longer known. Nothing was changed."))
    return node


@operation_handler(MEASURE)
def carry_out_measurement(run: OperationRun) -> Mapping[str, Any]:
    """Ask the engine, and keep the answer with its time."""
    node = _node_of(run)
    with upkeep_lock(node, run.operation):
        usage = _measure(node)
    return {
        "images_bytes": usage.images.size_bytes,
        "containers_bytes": usage.containers.size_bytes,
        "volumes_bytes": usage.volumes.size_bytes,
        "build_cache_bytes": usage.build_cache.size_bytes,
    }


def _measure(node: Node) -> DiskUsage:
    began_s = time.monotonic()
    usage = ask(_port_of(node), lambda port: port.disk_usage())
    values: dict[str, Any] = {
        "measured_at": timezone.now(),
        "took_s": round(time.monotonic() - began_s, 3),
        "usage": usage.as_columns(),
    }
    EngineDiskUsage.objects.update_or_create(node=node, defaults=values)
    told_by = NodeRef(node.pk, node.cluster_id, source=node.endpoint.url)
    mirror_volumes(told_by, usage.every_volume, at=values["measured_at"])
    return usage


@operation_handler(PRUNE)
def carry_out_prune(run: OperationRun) -> Mapping[str, Any]:
    """Remove, tell what went, and measure anew, so that no estimate is left that is true no more."""
    node, wish = _node_of(run), PruneWish(**run.parameters)
    with upkeep_lock(node, run.operation):
        gone = ask(_port_of(node), lambda port: port.prune(wish))
        run.say(_("%(size)s freed.") % {"size": bytes_human(gone.freed_bytes)})
        for name in gone.names[:MOST_NAMES_TOLD]:
            run.say(_("Removed: %(name)s") % {"name": name})
        _measure_again(run, node)
    result = asdict(gone)
    del result["names"]
    return result


def _measure_again(run: OperationRun, node: Node) -> None:
    try:
        _measure(node)
    except PortalError as error:
        EngineDiskUsage.objects.filter(node=node).delete()
        run.say(error.message)
