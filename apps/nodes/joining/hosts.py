"""What a host says of itself when it joins, checked field by field; pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.nodes.joining.lines import Message
from dce_portal.errors import InvalidInput

MACHINE = re.compile(r"[A-Za-z0-9:._-]{8,128}")
HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
ENGINE_ID = re.compile(r"[A-Za-z0-9:-]{0,128}")
SWARM_STATES = ("inactive", "pending", "active", "error", "locked")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoiningHost:
    """A host on its way in; `seen_at` is the address that its request came from."""

    machine: str
    engine_id: str
    hostname: str
    address: str
    seen_at: str
    swarm_state: str = "inactive"
    swarm_cluster: str = ""
    swarm_node: str = ""
    swarm_managers: tuple[str, ...] = ()
    is_manager: bool = False

    @property
    def agent_url(self) -> str:
        """Where its agent will answer."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"tcp://{shown}:12376"


def joining_host(message: Message, *, client_address: str | None) -> JoiningHost:
    """Read the facts, or InvalidInput that names the wrong one."""
    seen_at = client_address or ""
    state = message.text("swarm_state") or "inactive"
    if state not in SWARM_STATES:
        raise _wrong("swarm_state")
    return JoiningHost(
        machine=_matching(message, "machine", MACHINE),
        engine_id=_matching(message, "engine", ENGINE_ID),
        hostname=_matching(message, "hostname", HOSTNAME),
        address=_address(message.text("address") or _outward(seen_at, message)),
        seen_at=seen_at,
        swarm_state=state,
        swarm_cluster=_matching(message, "swarm_cluster", ENGINE_ID),
        swarm_node=_matching(message, "swarm_node", ENGINE_ID),
        swarm_managers=tuple(message.text("swarm_managers").split()),
        is_manager=message.text("swarm_manager") == "true",
    )


def machine_of(message: Message) -> str:
    """Which host asks, in the requests that carry nothing else of it."""
    return _matching(message, "machine", MACHINE)


def _matching(message: Message, name: str, pattern: re.Pattern[str]) -> str:
    value = message.text(name)
    if not pattern.fullmatch(value) and (value or pattern is not ENGINE_ID):
        raise _wrong(name)
    return value


def _outward(seen_at: str, message: Message) -> str:
    """A host that is the portal's own machine comes by loopback: then its own word counts."""
    try:
        is_here = ipaddress.ip_address(seen_at).is_loopback
    except ValueError:
        is_here = True
    return (message.text("own_address") or seen_at) if is_here else seen_at


def _address(text: str) -> str:
    """An address that others reach: neither a name nor one that means "here" or "anywhere"."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise _wrong("address") from None
    if address.is_unspecified or address.is_loopback or address.is_link_local:
        raise InvalidInput(
            _(
                "%(address)s is no address at which other machines reach this host."
                " Name one with --advertise."
            )
            % {"address": address},
            field="address",
        )
    return str(address)


def _wrong(name: str) -> InvalidInput:
    return InvalidInput(
        _("What this host sent as its %(name)s cannot be right. Nothing was changed.")
        % {"name": name},
        field=name,
    )
