"""The portal's certificates with the agent's own door and keeper: renewed, revoked, moved to another CA."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from apps.nodes import services
from apps.nodes.models import AgentCertificate, EngineEndpoint
from apps.nodes.services.certificates.renewal import ask_keeper
from dce_agent.launch import Settings
from dce_portal import authority, operations
from dce_portal.errors import Unavailable
from dce_portal.origin import PORTAL
from tests.factories.certificates import AgentFactory
from tests.integration.agent import proxy as agent_proxy
from tests.lab.host import wait_until
from tests.plugins.authority import OwnAuthority
from tests.plugins.portal import free_port

pytestmark = [pytest.mark.nginx, pytest.mark.django_db]
SETTLED_WITHIN_S = 60


class PortalAuthority:
    """The portal in the place of the agent tests' own authority."""

    endpoint: EngineEndpoint

    @property
    def certificate_pem(self) -> str:
        return authority.bundle_pem()

    def controller(self) -> tuple[str, str]:
        files = authority.controller_tls()
        return files.certificate.read_text(), files.key.read_text()

    def agent(self, csr_pem: str) -> str:
        return services.issue_agent_certificate(
            endpoint=self.endpoint, csr_pem=csr_pem, addresses=["192.0.2.1"], origin=PORTAL
        ).pem


class Door(agent_proxy.Proxy):
    """The agent's nginx on TCP, where the portal asks it."""

    port: int

    def _write_configuration(self, settings: Settings) -> None:
        super()._write_configuration(settings)
        path = self.folder / "nginx.conf"
        socket = f"listen unix:{self.folder}/tls.sock ssl;"
        path.write_text(
            path.read_text().replace(socket, f"{socket}\n listen 127.0.0.1:{self.port} ssl;")
        )


@pytest.fixture
def endpoint(
    own_authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[EngineEndpoint]:
    """An agent that has joined and listens."""
    Door.port = free_port()
    row = AgentFactory(url=f"tcp://127.0.0.1:{Door.port}", server_name=agent_proxy.AGENT)
    monkeypatch.setattr(PortalAuthority, "endpoint", row, raising=False)
    monkeypatch.setattr(agent_proxy, "AgentAuthority", PortalAuthority)
    monkeypatch.setattr(agent_proxy, "Proxy", Door)
    with agent_proxy.running_proxy():
        yield row


def serial_of(endpoint: EngineEndpoint) -> str:
    return ask_keeper(endpoint, lambda keeper: keeper.certificate()).serial_hex


def wait_followed(endpoint: EngineEndpoint) -> None:
    """nginx ends its old workers a moment after the keeper has answered."""
    wait_until(
        lambda: services.bring_up_to_date(endpoint, origin=PORTAL),
        what="the agent to have followed",
        timeout_s=SETTLED_WITHIN_S,
    )


def test_renewed_in_time(endpoint: EngineEndpoint) -> None:
    first = serial_of(endpoint)
    for row in AgentCertificate.objects.all():
        row.issued_at -= timedelta(days=61)
        row.expires_at -= timedelta(days=61)
        row.save()
    wait_followed(endpoint)
    newest = AgentCertificate.objects.first()
    assert newest is not None
    assert serial_of(endpoint) == newest.serial_hex != first


def test_revoked(endpoint: EngineEndpoint) -> None:
    services.revoke_agent_certificates(endpoint, reason="removed", origin=PORTAL)
    with pytest.raises(Unavailable, match="its certificate was revoked"):
        serial_of(endpoint)


def test_moved_to_a_new_ca(endpoint: EngineEndpoint) -> None:
    operation = services.request_rotation(origin=PORTAL)
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.error) == ("succeeded", "")
    wait_until(
        lambda: services.finish_rotation() == [],
        what="the agent to have followed",
        timeout_s=SETTLED_WITHIN_S,
    )
    kept = ask_keeper(endpoint, lambda keeper: keeper.certificate())
    assert kept.authorities == {authority.current_fingerprint()}
    borne = AgentCertificate.objects.get(serial_hex=kept.serial_hex)
    assert borne.authority_fingerprint == authority.current_fingerprint()


def test_one_that_was_away_during_the_change_follows_later(endpoint: EngineEndpoint) -> None:
    """It knows only the old CA, and takes the controller of the new one."""
    authority.begin()
    authority.switch()
    wait_followed(endpoint)
    kept = ask_keeper(endpoint, lambda keeper: keeper.certificate())
    assert kept.authorities == authority.bundle_fingerprints()
    assert len(kept.authorities) == 2
