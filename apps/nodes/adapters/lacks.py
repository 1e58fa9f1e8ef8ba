"""What a backend without services refuses, in one place for single engines and standalone Swarms."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.nodes.ports import ServiceInfo, TaskInfo
from apps.nodes.ports.cluster_facts import JoinFacts
from dce_portal.errors import NotFound, Unsupported


class LacksServices:
    """The part of ClusterPort that only Swarm mode has."""

    async def join_facts(self) -> JoinFacts:
        """Refuse: there is no Swarm that hands out tokens."""
        raise Unsupported(_("Only a Swarm can be joined; add the address of an engine instead."))

    async def node_tasks(self, native_id: str) -> tuple[TaskInfo, ...]:
        """None: only a Swarm has tasks."""
        return ()

    async def remove_node(self, native_id: str, *, force: bool) -> None:
        """Refuse: there is nothing that this node could be taken out of."""
        raise Unsupported(_("Only a node of a Swarm can be removed from it."))

    async def service(self, native_id: str) -> ServiceInfo:
        """There is none."""
        raise NotFound(_("There are no services here; only a Swarm has them."))

    async def restart_service(self, native_id: str) -> None:
        """Refuse: there are no services."""
        raise Unsupported(_("There are no services here; only a Swarm has them."))
