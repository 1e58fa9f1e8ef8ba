"""`python -m dce_agent.registration`: name this node in the etcd of a standalone Swarm.

As `swarm join` does: a key that ends by itself, put again long before, taken away in the end.
Managers watch the keys' folder and ask every node that has one.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from .errors import AgentError

KEY_TTL_S = 180
RENEW_INTERVAL_S = 60.0
RETRY_INTERVAL_S = 5.0
TIMEOUT_S = 5.0
FOLDER = "docker/swarm/nodes"
SCHEME = "etcd://"
_MEMBER = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")
_PREFIX = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where the keys are."""

    members: tuple[str, ...]
    prefix: str

    @classmethod
    def parse(cls, address: str) -> Discovery:
        """Read `etcd://host:port,host:port/prefix`."""
        members, _, prefix = address.removeprefix(SCHEME).partition("/")
        found = cls(tuple(members.split(",")), prefix.strip("/"))
        whole = all(map(_MEMBER.fullmatch, found.members))
        if not address.startswith(SCHEME) or not whole or not _is_prefix(found.prefix):
            raise AgentError(f"{address!r} is no address like etcd://10.0.0.1:2379,10.0.0.2:2379.")
        return found

    def key(self, advertise: str) -> str:
        """The path of a node's key."""
        if not _MEMBER.fullmatch(advertise):
            raise AgentError(f"DCE_AGENT_ADVERTISE is {advertise!r}: give IP:PORT.")
        folder = f"{self.prefix}/{FOLDER}" if self.prefix else FOLDER
        return f"/v2/keys/{folder}/{quote(advertise, safe=':[]')}"


class Registration:
    """One node's key. A member that fails is left for the next, which is then asked first."""

    def __init__(self, discovery: Discovery, advertise: str) -> None:
        """Check both; nothing is sent yet."""
        self._members = list(discovery.members)
        self._key = discovery.key(advertise)
        self._advertise = advertise

    def put(self) -> None:
        """Put the key for its time to live."""
        form = urlencode({"value": self._advertise, "ttl": KEY_TTL_S})
        self._on_some_member("PUT", form)

    def withdraw(self) -> None:
        """Take the key away, as far as some member answers."""
        self._on_some_member("DELETE", "")

    def _on_some_member(self, method: str, form: str) -> None:
        reasons = []
        for _ in range(len(self._members)):
            reason = _call(self._members[0], method, self._key, form)
            if not reason:
                return
            reasons.append(f"{self._members[0]}: {reason}")
            self._members.append(self._members.pop(0))
        raise AgentError(f"No member of etcd took this node's key ({'; '.join(reasons)}).")


def keep(
    registration: Registration, stopped: threading.Event, *, say: Callable[[str], object]
) -> None:
    """Renew the key until told to stop, then take it away. What changes is said once."""
    failed: str | None = None
    while True:
        reason = _reason(registration.put)
        if reason != failed:
            say(f"{reason or 'This node is named in etcd.'}\n")
        failed = reason
        if stopped.wait(RETRY_INTERVAL_S if reason else RENEW_INTERVAL_S):
            break
    if reason := _reason(registration.withdraw):
        say(f"{reason} It ends by itself within {KEY_TTL_S} s.\n")


def main() -> None:
    """Run until SIGTERM."""
    discovery = Discovery.parse(os.environ["DCE_AGENT_DISCOVERY"])
    registration = Registration(discovery, os.environ.get("DCE_AGENT_ADVERTISE", ""))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    keep(registration, stopped, say=_say)


def _is_prefix(prefix: str) -> bool:
    return not prefix or bool(_PREFIX.fullmatch(prefix))


def _say(sentence: str) -> None:
    sys.stderr.write(sentence)
    sys.stderr.flush()


def _reason(act: Callable[[], None]) -> str:
    try:
        act()
    except AgentError as error:
        return str(error)
    return ""


def _call(member: str, method: str, key: str, form: str) -> str:
    """Ask one member; why it did not do it, or nothing."""
    host, _, port = member.rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, key, form, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, OverflowError) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    # A key that has ended already is as good as taken away.
    return "" if status < 300 or (method, status) == ("DELETE", 404) else f"answered {status}"


if __name__ == "__main__":
    try:
        main()
    except AgentError as error:
        sys.exit(str(error))
