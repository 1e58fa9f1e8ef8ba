"""Unlocks a manager that was restarted with autolock on. The key waits for the worker sealed and for minutes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import EngineEndpoint, Node
from apps.nodes.selectors import address_of
from apps.nodes.services.asking import ask
from apps.nodes.services.swarm_secrets import key_from_managers
from dce_portal.errors import InvalidInput, NotFound
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin
from dce_portal.sealing import seal, unseal
from dce_portal.secret import Secret

KIND = "node.unlock"
KEY_KEPT_S = 15 * 60


def request_unlock(*, node: Node, key: Secret, origin: Origin) -> Operation:
    """Start the operation; an empty key is asked of another manager. The caller has checked `nodes.manage_cluster`."""
    operation = start_operation(
        KIND,
        title=_("Unlock %(node)s") % {"node": node.hostname},
        target=Target("node", str(node.pk), node.hostname),
        origin=origin,
        parameters={"key_was_typed": bool(key.reveal())},
    )
    if key.reveal():
        cache.set(_place(operation), seal(key), timeout=KEY_KEPT_S)
    return operation


@operation_handler(KIND)
def carry_out_unlock(run: OperationRun) -> Mapping[str, Any]:
    """Hand the key to the engine, which becomes a manager again."""
    node = Node.objects.select_related("cluster").filter(pk=run.operation.target_id).first()
    endpoint = EngineEndpoint.objects.filter(node=node).first() if node else None
    if node is None or endpoint is None:
        raise NotFound(_("This node has no engine address here. Nothing was changed."))
    key = _key(run, node)
    ask(backends.upkeep_port(address_of(endpoint)), lambda port: port.unlock_swarm(key))
    EngineEndpoint.objects.filter(pk=endpoint.pk).update(condition="")
    run.say(_("The engine took the key and is a manager again."))
    return {}


def _key(run: OperationRun, node: Node) -> Secret:
    if run.parameters["key_was_typed"]:
        return _typed_key(run.operation)
    key = key_from_managers(node.cluster)
    if key is None:
        raise InvalidInput(
            _("No other manager gave the unlock key. Start this again and type the key."),
            field="key",
        )
    run.say(_("Another manager gave the unlock key."))
    return key


def _typed_key(operation: Operation) -> Secret:
    """Taken out once: whatever comes of it, it is not left behind."""
    sealed = cache.get(_place(operation))
    cache.delete(_place(operation))
    key = unseal(sealed) if isinstance(sealed, str) else None
    if key is None:
        raise InvalidInput(
            _("The key waited too long and was deleted. Start this again and type it anew.")
        )
    return key


def _place(operation: Operation) -> str:
    return f"nodes:unlock:{operation.pk}"
