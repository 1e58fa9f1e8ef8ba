"""Which certificates and which name an address is asked with."""

from __future__ import annotations

from pathlib import Path

from apps.nodes.models import EngineEndpoint
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.nodes.selectors import address_of


def test_an_agent_is_asked_with_the_controllers_certificate_and_by_its_own_name() -> None:
    endpoint = EngineEndpoint(
        kind="agent", url="tcp://10.0.0.1:12376", server_name="agent-0123456789ab.dce"
    )
    address = address_of(endpoint, revoked={})
    assert address.server_name == "agent-0123456789ab.dce"
    assert address.tls is not None
    names = [Path(path).name for path in (address.tls.ca, address.tls.cert, address.tls.key)]
    assert names == ["bundle.pem", "controller.pem", "controller.key"]
    assert Path(address.tls.ca).parent.name == "authority"


def test_an_agents_socket_needs_no_certificate() -> None:
    assert address_of(EngineEndpoint(kind="agent", url="unix:///run/a.sock")).tls is None


def test_an_engine_is_asked_with_the_files_of_its_row() -> None:
    endpoint = EngineEndpoint(url="tcp://h:2376", tls_ca="/ca", tls_cert="/cert", tls_key="/key")
    assert address_of(endpoint, revoked={}) == EngineAddress(
        "tcp://h:2376", TlsFiles("/ca", "/cert", "/key")
    )
