"""Changes of a Swarm as a whole, each an operation: join tokens, autolock, unlock key, certificate authority."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import Cluster
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.ports.swarm import SwarmChange, SwarmPort
from apps.nodes.services.asking import ask
from dce_portal.errors import Conflict, InvalidInput, NotFound, Unavailable
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

ROTATE_TOKENS = "cluster.rotate_tokens"
AUTOLOCK = "cluster.autolock"
ROTATE_UNLOCK_KEY = "cluster.rotate_unlock_key"
ROTATE_CA = "cluster.rotate_ca"
MOST_TRIES = 3
ROTATED_WITHIN_S = 600
ASK_EVERY_S = 1.0


def rotate_tokens(*, cluster: Cluster, worker: bool, manager: bool, origin: Origin) -> Operation:
    """Give the Swarm new join tokens; the caller has checked `nodes.manage_cluster`, here and below."""
    if not (worker or manager):
        raise InvalidInput(_("Choose the workers' token, the managers', or both."))
    change = SwarmChange(rotate_worker_token=worker, rotate_manager_token=manager)
    title = _("Rotate the join tokens of %(cluster)s")
    return _start(ROTATE_TOKENS, cluster, change, title=title, origin=origin)


def set_autolock(*, cluster: Cluster, is_on: bool, origin: Origin) -> Operation:
    """Let managers that restart wait for the unlock key, or no longer."""
    title = (
        _("Turn autolock on for %(cluster)s") if is_on else _("Turn autolock off for %(cluster)s")
    )
    return _start(AUTOLOCK, cluster, SwarmChange(autolock=is_on), title=title, origin=origin)


def rotate_unlock_key(*, cluster: Cluster, origin: Origin) -> Operation:
    """Give the managers a new unlock key."""
    title = _("Rotate the unlock key of %(cluster)s")
    change = SwarmChange(rotate_unlock_key=True)
    return _start(ROTATE_UNLOCK_KEY, cluster, change, title=title, origin=origin)


def rotate_ca(*, cluster: Cluster, origin: Origin) -> Operation:
    """Make a new certificate authority and with it a new certificate for every node."""
    title = _("Rotate the certificate authority of %(cluster)s")
    return _start(ROTATE_CA, cluster, SwarmChange(rotate_root=True), title=title, origin=origin)


def _start(
    kind: str, cluster: Cluster, change: SwarmChange, *, title: str, origin: Origin
) -> Operation:
    return start_operation(
        kind,
        title=title % {"cluster": cluster.name},
        target=Target("cluster", str(cluster.pk), cluster.name),
        origin=origin,
        parameters=asdict(change),
    )


@operation_handler(ROTATE_TOKENS)
@operation_handler(AUTOLOCK)
@operation_handler(ROTATE_UNLOCK_KEY)
def carry_out_swarm_change(run: OperationRun) -> Mapping[str, Any]:
    """Write the change, then keep what the Swarm says of itself."""
    cluster = cluster_of(run)
    facts = _write(cluster, SwarmChange(**run.parameters))
    _keep(cluster, facts)
    run.say(_("The Swarm took the change."))
    return {"autolock": facts.is_autolocked}


@operation_handler(ROTATE_CA)
def carry_out_ca_rotation(run: OperationRun) -> Mapping[str, Any]:
    """Start the rotation and wait until every node has its certificate of the new authority."""
    cluster = cluster_of(run)
    facts = _write(cluster, SwarmChange(**run.parameters))
    run.say(_("The Swarm made a new authority; its nodes are getting new certificates."))
    facts = _rotated(run, cluster, facts)
    run.say(_("Every node has its new certificate. The join tokens have changed."))
    return {"trust_root_fingerprint": facts.trust_root_fingerprint}


def _rotated(run: OperationRun, cluster: Cluster, facts: ClusterFacts) -> ClusterFacts:
    limit_s = time.monotonic() + ROTATED_WITHIN_S
    while facts.is_rotating_root:
        _keep(cluster, facts)
        run.stop_if_cancelled()
        if time.monotonic() > limit_s:
            raise Unavailable(_still_rotating())
        time.sleep(ASK_EVERY_S)
        facts = ask(backends.swarm_of(cluster), lambda port: port.facts())
    _keep(cluster, facts)
    return facts


def _still_rotating() -> str:
    return _(
        "The rotation goes on, but it has not ended within %(minutes)s minutes. A node that is down holds"
        " it up: it gets its certificate when it is back. Remove nodes that will not come back."
    ) % {"minutes": ROTATED_WITHIN_S // 60}


def cluster_of(run: OperationRun) -> Cluster:
    """The operation's cluster, as its row is now."""
    cluster = Cluster.objects.filter(pk=run.operation.target_id).first()
    if cluster is None:
        raise NotFound(_("This cluster is no longer known. Nothing was changed."))
    return cluster


def _write(cluster: Cluster, change: SwarmChange) -> ClusterFacts:
    async def write(port: SwarmPort) -> ClusterFacts:
        """Each of these wishes means the same on any version, so a conflict is tried again."""
        for _number in range(MOST_TRIES):
            version_index = (await port.facts()).version_index
            try:
                await port.update_swarm(change=change, version_index=version_index)
            except Conflict:
                continue
            return await port.facts()
        raise Conflict(
            _("The Swarm changed meanwhile, again and again. Nothing was written; try it again.")
        )

    return ask(backends.swarm_of(cluster), write)


def _keep(cluster: Cluster, facts: ClusterFacts) -> None:
    """Show the change at once; the next poll says the same."""
    Cluster.objects.filter(pk=cluster.pk).update(facts=facts.as_columns())
