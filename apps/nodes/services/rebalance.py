"""Spreads a service's tasks anew by a forced update, so that nodes which came back get their share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.ports import Capability
from apps.nodes.services.conversation import Waiting, asking, repeated, wait_until
from apps.workloads.models import Service
from dce_portal.errors import Conflict, NotFound, Unsupported
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "service.rebalance"
UPDATE_TAKES_AT_MOST_S = 1200
GOES_ON = frozenset({"", "updating"})


def request_rebalance(*, service: Service, origin: Origin) -> Operation:
    """Start it; the caller has checked `nodes.operate_node`."""
    if Capability.SERVICES not in backends.capabilities_of(service.cluster):
        raise Unsupported(_("Only a Swarm has services."))
    if blocked := why_not_rebalance(service):
        raise Conflict(blocked)
    return start_operation(
        KIND,
        title=_("Rebalance %(service)s") % {"service": service.name},
        target=Target("service", str(service.pk), service.name),
        origin=origin,
    )


def why_not_rebalance(service: Service) -> str:
    """What stands against it; empty where nothing does."""
    if service.mode != "replicated":
        return _("Only replicated services are spread by the Swarm; this one has another mode.")
    if service.update_state in {"updating", "rollback_started"}:
        return _("An update of this service is under way. Wait until it has ended.")
    return ""


@operation_handler(KIND)
def carry_out_rebalance(run: OperationRun) -> Mapping[str, Any]:
    """Force the update and follow it to its end."""
    service = Service.objects.select_related("cluster").filter(pk=run.operation.target_id).first()
    if service is None:
        raise NotFound(_("This service is no longer known. Nothing was changed."))
    port, key = backends.cluster_port(service.cluster), service.native_id
    with asking(port) as ask:
        tries = ask(repeated(lambda: port.restart_service(key)))
        what = _("The Swarm starts the tasks anew, as the service's update settings say.")
        waiting = Waiting(what, UPDATE_TAKES_AT_MOST_S, is_cancellable=True)
        wait_until(run, lambda: ask(port.service(key)).update_state not in GOES_ON, waiting=waiting)
        seen = ask(port.service(key))
    if seen.update_state != "completed":
        raise Conflict(
            _("The update did not complete; the Swarm says: %(state)s. %(message)s")
            % {"state": seen.update_state or "–", "message": seen.update_message}
        )
    return {"update": seen.update_state, "tries": tries}
