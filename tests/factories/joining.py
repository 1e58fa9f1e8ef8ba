"""Join tokens, and a host that joins with one, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.models import Cluster, EngineEndpoint, JoinToken, Node
from apps.nodes.services.joining import IssuedJoinToken, JoinWish, issue_join_token
from dce_portal.origin import Origin
from tests.factories.cluster import NodeFactory
from tests.plugins.authority import csr_pem


def join_token_of(
    person: User, *, facts: dict[str, Any] | None = None, **wish: Any
) -> IssuedJoinToken:
    """A token as the service makes it; `facts` are written past the service (expiry in the past)."""
    issued = issue_join_token(wish=JoinWish(**wish), origin=Origin(actor=person))
    if facts:
        JoinToken.objects.filter(pk=issued.token.pk).update(**facts)
        issued.token.refresh_from_db()
    return issued


@dataclass(slots=True)
class HostTwin:
    """What the script sends for a host."""

    secret: str = field(repr=False)
    number: int = 1
    facts: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    @property
    def address(self) -> str:
        """Where its requests come from."""
        return f"10.0.0.{self.number}"

    @property
    def lines(self) -> dict[str, str]:
        """What it says of itself."""
        known = {
            "machine": f"0123456789abcdef.ENGINE{self.number}",
            "engine": f"ENGINE{self.number}",
            "hostname": f"host{self.number}",
            "swarm_state": "inactive",
        }
        return {**known, **self.facts}

    def get(self, path: str = "") -> Any:
        """The script, or the CA."""
        return self.client.get(f"/join/{self.secret}{path}", REMOTE_ADDR=self.address)

    def post(self, path: str, *, pem: str = "", **lines: str) -> Any:
        """One call, whatever it is answered."""
        told = {**self.lines, **lines}
        body = "".join(f"{name}={value}\n" for name, value in told.items())
        body += f"\n{pem}" if pem else ""
        url = f"/join/{self.secret}/{path}"
        return self.client.post(
            url, body.encode(), content_type="text/plain", REMOTE_ADDR=self.address
        )

    def ask(self, path: str, **lines: str) -> dict[str, str]:
        """The lines of an answer that must be good."""
        answer = self.post(path, **lines)
        assert answer.status_code == 200, answer.content
        return fields_of(answer)


def fields_of(answer: Any) -> dict[str, str]:
    """The lines of an answer."""
    pairs = (line.partition("=") for line in answer.content.decode().splitlines())
    return {name: value for name, _equals, value in pairs}


def answer_of_poll(host: HostTwin, *, cluster: Cluster, native_id: str = "node1") -> Node:
    """What the poll would write once it has heard the agent."""
    node = NodeFactory(cluster=cluster, native_id=native_id, hostname=host.lines["hostname"])
    row = EngineEndpoint.objects.filter(url=f"tcp://{host.address}:12376")
    row.update(node=node, cluster=cluster, last_ok_at=timezone.now() + timedelta(seconds=1))
    return node


def certified(host: HostTwin) -> str:
    """What a host gets for the name that it claimed."""
    name = host.ask("claim")["name"]
    answer = host.post("certificate", pem=csr_pem(name))
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())
