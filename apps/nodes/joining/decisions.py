"""What a host has to do to be in the Swarm that its token is for; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from apps.nodes.joining.hosts import JoiningHost
from dce_portal.errors import Conflict


class SwarmAction(StrEnum):
    """What the script does next."""

    INIT = "init"
    JOIN = "join"
    NONE = "none"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmSituation:
    """What the portal knows: the wanted Swarm, if there is one yet, and the one that the host is in."""

    has_cluster: bool
    is_in_cluster: bool = False
    """The host is in the wanted Swarm already."""
    is_in_known: bool = False
    """The host is in some Swarm that the portal watches."""
    is_founder: bool = False
    """This host is the one that makes the new Swarm."""


def swarm_action(host: JoiningHost, situation: SwarmSituation) -> SwarmAction:
    """The next step, or Conflict with the sentence that says why there is none."""
    _refuse_halfway(host)
    if host.swarm_state == "active":
        return _for_member(host, situation)
    if situation.has_cluster:
        return SwarmAction.JOIN
    return SwarmAction.INIT if situation.is_founder else SwarmAction.WAIT


def shares_a_manager(host: JoiningHost, managers: Collection[str]) -> bool:
    """A worker does not know its Swarm's id, but where its managers are."""
    return bool(set(host.swarm_managers) & set(managers))


def _for_member(host: JoiningHost, situation: SwarmSituation) -> SwarmAction:
    if situation.is_in_cluster:
        return SwarmAction.NONE
    if situation.has_cluster:
        raise Conflict(
            _(
                "This host is in another Swarm already. Nothing was changed. To move it here,"
                " run `docker swarm leave` on it first."
            )
        )
    if situation.is_in_known or (host.is_manager and situation.is_founder):
        return SwarmAction.NONE
    raise Conflict(
        _(
            "This host is in a Swarm that the portal does not know. Nothing was changed."
            " Run this line on one of that Swarm's managers first, or leave the Swarm."
        )
    )


def _refuse_halfway(host: JoiningHost) -> None:
    if host.swarm_state == "locked":
        raise Conflict(
            _(
                "This host's part of its Swarm is locked. Run `docker swarm unlock`, then this line again."
            )
        )
    if host.swarm_state in {"pending", "error"}:
        raise Conflict(
            _(
                "This host began to join a Swarm and did not get in. Run `docker swarm leave --force`,"
                " then this line again."
            )
        )
