"""The operator's own certificate is refused in one sentence or served, and nginx is told of a new one."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from dce_portal import authority
from dce_portal.authority import https
from dce_portal.authority.certificates import (
    SERVER_AUTH,
    Wish,
    certificate_pem,
    key_pem,
    leaf_certificate,
    new_authority,
    new_key,
    utc_now,
)
from dce_portal.configuration import Configuration
from tests.plugins.authority import OwnAuthority


@pytest.fixture
def operators(own_authority: OwnAuthority, tmp_path: Path, settings) -> Configuration:
    """A pair of the operator's own, from a CA of theirs."""
    issuer, key, now = new_authority(now=utc_now()), new_key(), utc_now()
    wish = Wish("portal.example.org", ("portal.example.org",), SERVER_AUTH, 30)
    made = leaf_certificate(wish, public_key=key.public_key(), by=issuer, now=now)
    certificate, key_path = tmp_path / "own.pem", tmp_path / "own.key"
    certificate.write_bytes(certificate_pem(made, issuer.certificate))
    key_path.write_bytes(key_pem(key))
    settings.CONFIGURATION = replace(
        own_authority.configuration, tls_cert=certificate, tls_key=key_path
    )
    return settings.CONFIGURATION


def refusal(configuration: Configuration, **days: int) -> str:
    with pytest.raises(https.OwnCertificateError) as caught:
        https.check_operators_certificate(configuration, now=utc_now() + timedelta(**days))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_pair_is_served(operators: Configuration) -> None:
    https.check_operators_certificate(operators, now=utc_now())
    assert https.https_files(operators).is_operators
    assert authority.https_trust_pem().count("BEGIN CERTIFICATE") == 1


def test_the_portals_own_needs_its_ca(own_authority: OwnAuthority) -> None:
    assert authority.https_trust_pem() == authority.bundle_pem()


def test_an_expired_certificate(operators: Configuration) -> None:
    assert "expired on 20" in refusal(operators, days=31)


def test_another_keys_certificate(operators: Configuration) -> None:
    operators.tls_key.write_bytes(key_pem(new_key()))
    assert "is not the key of the certificate in DCE_TLS_CERT" in refusal(operators)


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_no_certificate(operators: Configuration, content: bytes) -> None:
    operators.tls_cert.write_bytes(content)
    assert "holds no certificate in PEM form" in refusal(operators)


def test_no_key(operators: Configuration) -> None:
    operators.tls_key.write_text("garbage")
    assert "cannot be used; it must be a key in PEM form" in refusal(operators)


def test_a_key_with_a_password(operators: Configuration) -> None:
    locked = new_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    operators.tls_key.write_bytes(locked)
    assert "without a password" in refusal(operators)


def test_a_file_that_vanished(operators: Configuration) -> None:
    operators.tls_cert.unlink()
    assert refusal(operators)


def test_nginx_is_told_once_of_a_renewed_certificate(
    own_authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    configuration = own_authority.configuration
    configuration.paths.run.mkdir(exist_ok=True)
    (configuration.paths.run / "nginx.pid").write_text("4711\n")
    monkeypatch.setattr(https, "_nginx_pid", lambda path: int(path.read_text()))
    monkeypatch.setattr(https.os, "kill", lambda *call: told.append(call))
    https.note_served(configuration)
    assert not authority.reload_when_changed(configuration)
    authority.prepare(configuration, now=utc_now() + timedelta(days=300))
    assert authority.reload_when_changed(configuration)
    assert not authority.reload_when_changed(configuration)
    assert told == [(4711, signal.SIGHUP)]


def test_a_half_renewed_pair_is_not_loaded(
    operators: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate is new, its key not there yet."""
    operators.paths.run.mkdir(exist_ok=True)
    (operators.paths.run / "nginx.pid").write_text("4711\n")
    monkeypatch.setattr(https.os, "kill", lambda *_call: pytest.fail("nginx was told"))
    https.note_served(operators)
    own = authority.https_files(replace(operators, tls_cert=None, tls_key=None)).certificate
    operators.tls_cert.write_bytes(own.read_bytes())
    with pytest.raises(https.OwnCertificateError):
        authority.reload_when_changed(operators)


def test_another_programs_pid_gets_no_signal(tmp_path: Path) -> None:
    pid_file = tmp_path / "nginx.pid"
    pid_file.write_text("1\n")
    with pytest.raises(ProcessLookupError):
        https._nginx_pid(pid_file)
