"""The authority's files: made once, whole and private, renewed when two thirds old."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from dce_portal import authority
from dce_portal.authority.certificates import alternative_names, key_pin, utc_now
from dce_portal.authority.files import read_certificates
from dce_portal.errors import InvalidInput
from tests.plugins.authority import AGENT, OwnAuthority, csr_pem


def test_made_once(own_authority: OwnAuthority) -> None:
    before = {path.name: path.read_bytes() for path in own_authority.files.folder.iterdir()}
    assert authority.prepare(own_authority.configuration) == []
    assert {p.name: p.read_bytes() for p in own_authority.files.folder.iterdir()} == before


def test_private(own_authority: OwnAuthority) -> None:
    files = own_authority.files
    assert files.folder.stat().st_mode & 0o777 == 0o700
    keys = [path for path in files.folder.iterdir() if path.suffix in {".key", ".pem"}]
    assert len(keys) == 7
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_each_certificate_is_for_its_own_use(own_authority: OwnAuthority) -> None:
    files = own_authority.files
    assert _usages(files.controller[0]) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert _usages(files.server[0]) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_openssl_agrees_with_every_certificate(own_authority: OwnAuthority) -> None:
    files = own_authority.files
    issued = authority.sign_agent(csr_pem(), server_name=AGENT, addresses=["192.0.2.7"])
    agent = files.folder / "agent.pem"
    agent.write_text(issued.certificate_pem)
    for path, purpose in (
        (files.controller[0], "sslclient"),
        (files.server[0], "sslserver"),
        (agent, "sslserver"),
    ):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile"]
        done = subprocess.run([*command, files.bundle, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_server_is_certified_for_all_its_names(own_authority: OwnAuthority) -> None:
    configuration = replace(
        own_authority.configuration,
        public_url="https://portal.example.org:8443",
        bind=("0.0.0.0", "198.51.100.4"),
        allowed_hosts=("*", ".example.org", "cloud.example.org"),
    )
    assert authority.prepare(configuration) == ["HTTPS certificate"]
    names = alternative_names(read_certificates(own_authority.files.server[0])[0])
    expected = {"portal.example.org", "198.51.100.4", "cloud.example.org", "localhost", "127.0.0.1"}
    assert names >= expected
    assert not names & {"0.0.0.0", "*", ".example.org"}


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (59, []),
        (61, ["controller certificate"]),
        (250, ["controller certificate", "HTTPS certificate"]),
        (2000, ["controller certificate", "HTTPS certificate"]),
    ],
)
def test_renewed_when_two_thirds_old(
    own_authority: OwnAuthority, days: int, renewed: list[str]
) -> None:
    later = utc_now() + timedelta(days=days)
    assert authority.prepare(own_authority.configuration, now=later) == renewed
    assert authority.prepare(own_authority.configuration, now=later) == []


def test_the_pin_outlives_a_renewal(own_authority: OwnAuthority) -> None:
    """A join line that somebody has copied stays valid."""
    pin = authority.public_key_pin()
    before = read_certificates(own_authority.files.server[0])[0]
    authority.prepare(own_authority.configuration, now=utc_now() + timedelta(days=300))
    after = read_certificates(own_authority.files.server[0])[0]
    assert after != before
    assert authority.public_key_pin() == pin == key_pin(after)


def test_a_lost_certificate_is_made_again_of_the_same_key(own_authority: OwnAuthority) -> None:
    pin = authority.public_key_pin()
    own_authority.files.server[0].unlink()
    assert authority.prepare(own_authority.configuration) == ["HTTPS certificate"]
    assert authority.public_key_pin() == pin


def test_the_controllers_files_tell_a_renewal(own_authority: OwnAuthority) -> None:
    """Open connections are closed by it."""
    before = authority.controller_tls()
    authority.prepare(own_authority.configuration, now=utc_now() + timedelta(days=70))
    after = authority.controller_tls()
    assert after.version != before.version
    assert replace(after, version=before.version) == before


def test_what_is_kept_of_an_agents_certificate(own_authority: OwnAuthority) -> None:
    issued = authority.sign_agent(csr_pem(), server_name=AGENT, addresses=["192.0.2.7"])
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    assert issued.serial_hex == format(certificate.serial_number, "x")
    assert issued.authority_fingerprint == authority.current_fingerprint()
    assert issued.expires_at - issued.issued_at == timedelta(days=90)
    assert alternative_names(certificate) == {AGENT, "192.0.2.7"}
    assert _usages_of(certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_no_agent_is_certified_for_the_portals_address(own_authority: OwnAuthority) -> None:
    """With such a certificate it could pose as the registry."""
    issued = authority.sign_agent(csr_pem(), server_name=AGENT, addresses=["127.0.0.1", "::1"])
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    assert alternative_names(certificate) == {AGENT}


def test_an_address_that_is_none_is_refused(own_authority: OwnAuthority) -> None:
    """A node must not get a host name certified in this way."""
    with pytest.raises(InvalidInput, match=r"portal\.example\.org is no IP address"):
        authority.sign_agent(csr_pem(), server_name=AGENT, addresses=["portal.example.org"])


def _usages(path) -> list[x509.ObjectIdentifier]:
    return _usages_of(read_certificates(path)[0])


def _usages_of(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
