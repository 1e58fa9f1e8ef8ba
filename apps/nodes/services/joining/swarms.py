"""Tells a joining host what to do about the Swarm: make it, join it, wait for it, or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.nodes import backends
from apps.nodes.joining.decisions import SwarmAction, SwarmSituation, shares_a_manager, swarm_action
from apps.nodes.joining.hosts import JoiningHost
from apps.nodes.joining.steps import is_done
from apps.nodes.models import Cluster, Join, JoinToken, Node
from apps.nodes.ports import ClusterPort
from apps.nodes.ports.cluster_facts import JoinFacts


@dataclass(frozen=True, slots=True)
class SwarmOrder:
    """What the host is to do; the Swarm's own token only where it joins."""

    action: SwarmAction
    availability: str
    swarm_token: str = ""
    managers: tuple[str, ...] = ()


def swarm_order(join: Join, host: JoiningHost) -> SwarmOrder:
    """Decide and, for a join, ask a manager for its token; the host never sees another role's."""
    token = join.token
    facts = _join_facts(token.cluster)
    action = planned_action(token, host, facts=facts, is_founder=_is_founder(join))
    if action is not SwarmAction.JOIN or facts is None:
        return SwarmOrder(action, token.availability)
    is_manager = token.role == Node.Role.MANAGER
    swarm_token = facts.manager_token if is_manager else facts.worker_token
    return SwarmOrder(action, token.availability, swarm_token, tuple(facts.manager_addresses))


def planned_action(
    token: JoinToken, host: JoiningHost, *, facts: JoinFacts | None = None, is_founder: bool = True
) -> SwarmAction:
    """What the host will have to do, as far as it can be told now; Conflict where it cannot join."""
    facts = facts or (_join_facts(token.cluster) if host.swarm_state == "active" else None)
    known = _known_swarms(host)
    cluster = token.cluster
    is_in_cluster = cluster is not None and (
        known.filter(pk=cluster.pk).exists()
        or shares_a_manager(host, facts.manager_addresses if facts else ())
    )
    situation = SwarmSituation(
        has_cluster=cluster is not None,
        is_in_cluster=is_in_cluster,
        is_in_known=known.exists(),
        is_founder=is_founder,
    )
    return swarm_action(host, situation)


def _known_swarms(host: JoiningHost) -> QuerySet[Cluster]:
    by_node = Q(nodes__native_id=host.swarm_node) if host.swarm_node else Q(pk__in=())
    by_id = Q(native_id=host.swarm_cluster) if host.swarm_cluster else Q(pk__in=())
    return Cluster.objects.filter(by_node | by_id, kind=Cluster.Kind.SWARM).distinct()


def _is_founder(join: Join) -> bool:
    """Whether this host makes the new Swarm: the first one that asks, unless it failed before it did."""
    token = join.token
    free = JoinToken.objects.filter(pk=token.pk, founder=None)
    if free.update(founder=join):
        return True
    founder = JoinToken.objects.select_related("founder").get(pk=token.pk).founder
    if founder is None or founder.pk == join.pk:
        return True
    gave_up = founder.state in {Join.State.FAILED, Join.State.LEFT}
    if not gave_up or is_done(founder.steps, "swarm"):
        return False
    return bool(JoinToken.objects.filter(pk=token.pk, founder=founder).update(founder=join))


def _join_facts(cluster: Cluster | None) -> JoinFacts | None:
    return asyncio.run(_ask(backends.cluster_port(cluster))) if cluster is not None else None


async def _ask(port: ClusterPort) -> JoinFacts:
    try:
        return await port.join_facts()
    finally:
        await port.close()
