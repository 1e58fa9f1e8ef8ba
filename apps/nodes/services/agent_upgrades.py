"""Upgrades the agents of nodes to the version that the portal's registry has, one after the other.

Worker nodes come first and the leader last. The first agent that does not come back stops the
rest, and the operation says which have the new version and which do not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.nodes import backends
from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.ports.agent_host import AgentHostPort, ReplacementOutcome
from apps.nodes.selectors import address_of
from apps.registry.services.own_images import AGENT_REPOSITORY, agent_version
from dce_portal.errors import Conflict, InvalidInput, PortalError, Unavailable
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "agents.upgrade"
BACK_WITHIN_S = 240.0
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class AgentUpgrade:
    """What an upgrade of these nodes would do, in the order in which it does it."""

    version: str
    waiting: tuple[Node, ...]
    done: tuple[Node, ...]
    without_agent: tuple[Node, ...]


def plan_upgrade(nodes: Iterable[Node]) -> AgentUpgrade:
    """Look at which agents are older; nothing is asked of a node. Conflict without an image to upgrade to."""
    version = agent_version()
    if version is None:
        raise Conflict(
            _(
                "The portal's registry has no agent image yet. The controller's image brings one;"
                " elsewhere DCE_AGENT_IMAGE names the file."
            )
        )
    ordered = sorted(nodes, key=_last_the_leader)
    agents = [node for node in ordered if _agent_of(node) is not None]
    return AgentUpgrade(
        version=version,
        waiting=tuple(node for node in agents if node.agent_version != version),
        done=tuple(node for node in agents if node.agent_version == version),
        without_agent=tuple(node for node in ordered if node not in agents),
    )


def nodes_of(subject: Cluster | Node) -> list[Node]:
    """The node itself, or every node of the cluster."""
    nodes = Node.objects.select_related("cluster", "endpoint")
    if isinstance(subject, Node):
        return list(nodes.filter(pk=subject.pk))
    return list(nodes.filter(cluster=subject))


def _last_the_leader(node: Node) -> tuple[bool, bool, str, int]:
    return node.is_leader, node.role == Node.Role.MANAGER, node.hostname, node.pk


def _agent_of(node: Node) -> EngineEndpoint | None:
    endpoint: EngineEndpoint | None = getattr(node, "endpoint", None)
    return endpoint if endpoint and endpoint.kind == EngineEndpoint.Kind.AGENT else None


def request_agents_upgrade(*, subject: Cluster | Node, origin: Origin) -> Operation:
    """Start the upgrade; the caller has checked `nodes.manage_cluster`."""
    plan = plan_upgrade(nodes_of(subject))
    if not plan.waiting:
        raise Conflict(_("There is nothing to upgrade: no agent here is older."))
    kind, title = ("node", _("Upgrade the agent of %(name)s"))
    if isinstance(subject, Cluster):
        kind, title = ("cluster", _("Upgrade the agents of %(name)s"))
    return start_operation(
        KIND,
        title=title % {"name": subject},
        target=Target(kind, str(subject.pk), str(subject)),
        origin=origin,
        parameters={"version": plan.version, "nodes": [node.pk for node in plan.waiting]},
    )


@operation_handler(KIND)
def carry_out_agents_upgrade(run: OperationRun) -> Mapping[str, Any]:
    """One node after the other; the first that fails stops the rest."""
    version, keys = run.parameters["version"], list(run.parameters["nodes"])
    done: list[str] = []
    for number, key in enumerate(keys):
        run.stop_if_cancelled()
        node = Node.objects.select_related("cluster", "endpoint").filter(pk=key).first()
        if node is None:
            run.say(_("A node is no longer known and is left out."))
            continue
        try:
            _upgrade(node, version=version, run=run)
        except PortalError as error:
            raise Unavailable(_halted(node, error, done=done, left=keys[number + 1 :])) from error
        done.append(node.hostname)
        run.progress(100 * (number + 1) // len(keys))
    return {"version": version, "upgraded": done}


def _halted(node: Node, error: PortalError, *, done: list[str], left: list[int]) -> str:
    untouched = Node.objects.filter(pk__in=left).values_list("hostname", flat=True)
    return _(
        "The upgrade was halted at %(node)s: %(cause)s Upgraded: %(done)s. Not touched: %(left)s."
        " Look at that node, then start the upgrade again; it goes on with those that are older."
    ) % {
        "node": node.hostname,
        "cause": error.message,
        "done": ", ".join(done) or _("none"),
        "left": ", ".join(untouched) or _("none"),
    }


def _upgrade(node: Node, *, version: str, run: OperationRun) -> None:
    endpoint = _agent_of(node)
    if endpoint is None:
        raise Conflict(_("It has no agent any more."))
    if node.agent_version == version:
        run.say(
            _("%(node)s has %(version)s already.") % {"node": node.hostname, "version": version}
        )
        return
    image = _ask(endpoint, lambda host: _begin(host, version=version))
    run.say(_("%(node)s pulled %(image)s; its agent is being replaced.") % _words(node, image))
    _wait_until_back(node, endpoint, version=version)
    _tidy(endpoint)
    run.say(_("%(node)s answers with %(version)s.") % {"node": node.hostname, "version": version})


def _words(node: Node, image: str) -> dict[str, str]:
    return {"node": node.hostname, "image": image}


async def _begin(host: AgentHostPort, *, version: str) -> str:
    """Pull, then start the helper; returns the image."""
    present = await host.agent()
    image = image_for(present.image, version=version)
    await host.pull(image)
    await host.start_replacement(image, socket_path=present.socket_path)
    return image


def image_for(present: str, *, version: str) -> str:
    """The new image under the name by which this node reaches the registry already."""
    first, slash, _rest = present.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    public_url: str | None = settings.CONFIGURATION.public_url
    host = first if is_host else urlsplit(public_url or "").netloc
    if not host:
        raise InvalidInput(
            _(
                "The agent's image came from no registry, so the portal cannot tell under which name"
                " this node reaches its registry. Set DCE_PUBLIC_URL."
            )
        )
    return f"{host}/{AGENT_REPOSITORY}:{version}"


def _wait_until_back(node: Node, endpoint: EngineEndpoint, *, version: str) -> None:
    """Return when a poll has seen the new version and the helper has cleared the old agent away."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        outcome = _outcome(endpoint)
        if outcome.has_failed:
            raise Unavailable(outcome.said or _("the helper that replaces the agent failed."))
        if outcome.is_done and Node.objects.filter(pk=node.pk, agent_version=version).exists():
            return
        if time.monotonic() > deadline:
            raise Unavailable(
                _("it does not answer with the new version after %(limit)s s.")
                % {"limit": round(BACK_WITHIN_S)}
            )
        time.sleep(LOOK_EVERY_S)


def _outcome(endpoint: EngineEndpoint) -> ReplacementOutcome:
    """How far the helper is; not done while the agent itself is away."""
    try:
        return _ask(endpoint, lambda host: host.outcome())
    except PortalError:
        return ReplacementOutcome(is_done=False)


def _tidy(endpoint: EngineEndpoint) -> None:
    """What is left of the helper does no harm; the next upgrade removes it, too."""
    try:
        _ask(endpoint, lambda host: host.tidy())
    except PortalError:
        return


def _ask[Answer](
    endpoint: EngineEndpoint, question: Callable[[AgentHostPort], Awaitable[Answer]]
) -> Answer:
    # Before the event loop: it looks up what is revoked.
    address = address_of(endpoint)

    async def ask() -> Answer:
        host = backends.agent_host_port(address)
        try:
            return await question(host)
        finally:
            await host.close()

    return asyncio.run(ask())
