"""Upgrade the agent of one node, or those of a whole cluster."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.rules.previews import Detail, Preview
from apps.nodes.services.agent_upgrades import (
    AgentUpgrade,
    nodes_of,
    plan_upgrade,
    request_agents_upgrade,
)
from dce_portal.errors import PortalError
from dce_portal.models import Operation
from dce_portal.origin import Origin

MANAGE = "nodes.manage_cluster"


def preview_upgrade(subject: Cluster | Node, _wish: Wish) -> Preview:
    """Which agents have which version, and in which order they are replaced."""
    title = _("Upgrade the agents of %(name)s") % {"name": subject}
    try:
        plan = plan_upgrade(nodes_of(subject))
    except PortalError as error:
        return Preview(title=title, sentences=(), blocked=error.message)
    nothing = _("There is nothing to upgrade: no agent here is older.")
    return Preview(
        title=title,
        sentences=_sentences(plan),
        blocked="" if plan.waiting else nothing,
        details=tuple(_details(plan)),
    )


def _sentences(plan: AgentUpgrade) -> tuple[str, ...]:
    return (
        _("Every agent is replaced by version %(version)s.") % {"version": plan.version},
        _(
            "One node after the other, workers first and the leader last. The first agent that does"
            " not come back halts the rest. What runs on the nodes is not touched."
        ),
    )


def _details(plan: AgentUpgrade) -> Iterable[Detail]:
    waiting = tuple(_line(node) for node in plan.waiting)
    done = tuple(_line(node) for node in plan.done)
    without = tuple(str(node) for node in plan.without_agent)
    if waiting:
        yield Detail(_("These are upgraded, in this order:"), waiting)
    if done:
        yield Detail(_("These have it already:"), done)
    if without:
        yield Detail(_("These have no agent:"), without)


def _line(node: Node) -> str:
    version = node.agent_version or _("unknown version")
    return f"{node.hostname}: {version}"


def _start(subject: Cluster | Node, _wish: Wish, origin: Origin) -> Operation:
    return request_agents_upgrade(subject=subject, origin=origin)


def _has_agents(subject: Cluster | Node) -> bool:
    agents = EngineEndpoint.objects.filter(kind=EngineEndpoint.Kind.AGENT)
    if isinstance(subject, Cluster):
        return agents.filter(node__cluster=subject).exists()
    return agents.filter(node=subject).exists()


for _model, _label in (
    (Cluster, gettext_lazy("Upgrade agents")),
    (Node, gettext_lazy("Upgrade agent")),
):
    register(
        Action(
            name="upgrade-agents",
            label=_label,
            permission=MANAGE,
            model=_model,
            preview=preview_upgrade,
            start=_start,
            is_possible=_has_agents,
        )
    )
