"""A new CA, step by step, and after a crash between any two files."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from dce_portal import authority
from dce_portal.authority import Stage, rotation
from dce_portal.authority.certificates import fits, load_key
from dce_portal.authority.files import read_certificates
from tests.plugins.authority import AGENT, OwnAuthority, csr_pem


def verified(certificate: Path, *, trusting: Path) -> bool:
    """Whether a client that trusts one bundle takes a certificate with the chain after it."""
    command = ["openssl", "verify", "-x509_strict", "-CAfile", trusting, "-untrusted", certificate]
    return subprocess.run([*command, certificate], capture_output=True).returncode == 0


def test_step_by_step(own_authority: OwnAuthority, tmp_path: Path) -> None:
    files, first = own_authority.files, authority.current_fingerprint()
    old = tmp_path / "old.pem"
    old.write_bytes(files.bundle.read_bytes())
    authority.begin()
    assert (authority.rotation_stage(), authority.current_fingerprint()) == (Stage.PREPARED, first)
    assert len(authority.bundle_fingerprints()) == 2

    authority.switch()
    second = authority.current_fingerprint()
    assert authority.rotation_stage() is Stage.OVERLAP
    assert authority.bundle_fingerprints() == {first, second}
    assert verified(files.controller[0], trusting=old)
    assert verified(files.server[0], trusting=old)

    authority.retire()
    assert authority.rotation_stage() is Stage.STEADY
    assert authority.bundle_fingerprints() == {second}
    assert verified(files.controller[0], trusting=files.bundle)
    assert not verified(files.controller[0], trusting=old)
    # A node's docker still trusts the first CA for the registry.
    assert verified(files.server[0], trusting=old)


def test_what_is_signed_comes_from_the_new_ca(own_authority: OwnAuthority) -> None:
    authority.begin()
    before = authority.sign_agent(csr_pem(), server_name=AGENT, addresses=[])
    authority.switch()
    after = authority.sign_agent(csr_pem(), server_name=AGENT, addresses=[])
    assert before.authority_fingerprint != after.authority_fingerprint
    assert after.authority_fingerprint == authority.current_fingerprint()


def test_the_pin_stays(own_authority: OwnAuthority) -> None:
    pin = authority.public_key_pin()
    authority.begin()
    authority.switch()
    authority.retire()
    assert authority.public_key_pin() == pin


def test_two_rotations_keep_those_who_trust_the_first(
    own_authority: OwnAuthority, tmp_path: Path
) -> None:
    old = tmp_path / "old.pem"
    old.write_bytes(own_authority.files.bundle.read_bytes())
    for _number in range(2):
        authority.begin()
        authority.switch()
        authority.retire()
    assert verified(own_authority.files.server[0], trusting=old)


def test_each_step_may_be_repeated(own_authority: OwnAuthority) -> None:
    for step in (authority.begin, authority.switch, authority.retire):
        step()
        stage, trusted = authority.rotation_stage(), authority.bundle_fingerprints()
        step()
        assert (authority.rotation_stage(), authority.bundle_fingerprints()) == (stage, trusted)
    authority.switch()
    assert authority.rotation_stage() is Stage.STEADY


class PowerCut(Exception):
    """The machine goes off."""


@pytest.mark.parametrize("survived", range(8))
def test_a_crash_at_any_write_of_a_switch_is_mended_by_repeating_it(
    own_authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    """Writes and renames are counted; after so many of them the power is cut."""
    authority.begin()
    incoming = read_certificates(own_authority.files.pair("incoming")[0])[0]
    with monkeypatch.context() as patched:
        _cut_after(patched, survived)
        with suppress(PowerCut):
            authority.switch()
    authority.sign_agent(csr_pem(), server_name=AGENT, addresses=[])
    authority.switch()
    certificate, key = own_authority.files.pair("current")
    assert read_certificates(certificate) == [incoming]
    assert fits(incoming, load_key(key.read_bytes()))
    assert authority.rotation_stage() is Stage.OVERLAP
    assert len(authority.bundle_fingerprints()) == 2


def _cut_after(patched: pytest.MonkeyPatch, survived: int) -> None:
    left = [survived]

    def counted(original):
        def call(*arguments):
            if left[0] == 0:
                raise PowerCut
            left[0] -= 1
            return original(*arguments)

        return call

    patched.setattr(rotation, "replace_private", counted(rotation.replace_private))
    patched.setattr(Path, "replace", counted(Path.replace))
