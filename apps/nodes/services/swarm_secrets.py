"""Shows a Swarm's secrets to a person who may see them: asked of a manager each time, noted, and kept nowhere."""

from __future__ import annotations

from apps.accounts.services import record_audit
from apps.nodes import backends
from apps.nodes.models import Cluster
from apps.nodes.ports.cluster_facts import JoinFacts
from apps.nodes.services.asking import ask
from dce_portal.errors import PortalError
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.secret import Secret

SHOW_TOKENS = "cluster.show_tokens"
SHOW_UNLOCK_KEY = "cluster.show_unlock_key"


def show_join_tokens(*, cluster: Cluster, origin: Origin) -> JoinFacts:
    """The join tokens as they are now; the caller has checked `nodes.manage_cluster`, here and below."""
    _note(SHOW_TOKENS, cluster, origin)
    return ask(backends.swarm_of(cluster), lambda port: port.join_facts())


def show_unlock_key(*, cluster: Cluster, origin: Origin) -> Secret:
    """The unlock key as it is now; an empty one while autolock is off."""
    _note(SHOW_UNLOCK_KEY, cluster, origin)
    return ask(backends.swarm_of(cluster), lambda port: port.unlock_key())


def _note(action: str, cluster: Cluster, origin: Origin) -> None:
    """Before the answer: whoever asked is known even when the answer breaks off."""
    target = Target("cluster", str(cluster.pk), cluster.name)
    record_audit(action, origin=origin, target=target)


def key_from_managers(cluster: Cluster) -> Secret | None:
    """The unlock key from a manager that is not locked itself; None where none can say."""
    try:
        key = ask(backends.swarm_of(cluster), lambda port: port.unlock_key())
    except PortalError:
        return None
    return key if key.reveal() else None
