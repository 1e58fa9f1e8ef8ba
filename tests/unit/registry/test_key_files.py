"""Every step of a key's replacement, and a crash after each half of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from apps.registry import signing
from apps.registry.key_files import KeyFiles, Stage
from apps.registry.signing import key_id_of, key_set, load_signer, thumbprint_of
from dce_portal.launcher.keys import make_keys, new_signing_key
from dce_portal.secret_files import replace_private


@pytest.fixture
def files(tmp_path):
    make_keys(tmp_path)
    return KeyFiles(tmp_path)


def signed_by(files):
    signer = load_signer(key_pem=files.key.read_bytes(), certificate_pem=files.bundle.read_bytes())
    return jwt.get_unverified_header(signer.sign(subject="", access=()).text)["kid"]


def test_the_whole_way(files):
    old = signed_by(files)
    assert files.stage() is Stage.STEADY
    files.begin()
    assert (files.stage(), len(files.certificates()), signed_by(files)) == (Stage.PREPARED, 2, old)
    files.switch()
    new = signed_by(files)
    assert new != old
    assert {key_id_of(one) for one in files.certificates()} == {old, new}
    assert files.stage() is Stage.OVERLAP
    files.retire()
    assert [key_id_of(one) for one in files.certificates()] == [new]
    assert files.stage() is Stage.STEADY
    assert {path.stat().st_mode & 0o777 for path in (files.key, files.bundle)} == {0o600}


def test_steps_may_be_repeated_and_none_is_skipped(files):
    files.switch()
    assert files.stage() is Stage.STEADY
    files.begin()
    key = files.next_key.read_bytes()
    files.begin()
    assert files.next_key.read_bytes() == key
    files.switch()
    files.switch()
    files.begin()
    assert files.stage() is Stage.OVERLAP


def test_a_crash_before_the_bundle_was_written(files):
    """The next key is there, its certificate is not."""
    replace_private(files.next_key, new_signing_key())
    assert files.stage() is Stage.PREPARED
    files.begin()
    assert len(files.certificates()) == 2


def test_rolled_back_it_is_as_before(files):
    before = files.bundle.read_bytes()
    files.begin()
    files.roll_back()
    assert (files.stage(), files.bundle.read_bytes()) == (Stage.STEADY, before)
    files.roll_back()


def test_the_old_key_outlives_its_last_token(files, settings):
    """The token's life, what a registry lets pass, and the second in which processes follow."""
    settings.REGISTRY_TOKEN_LIFE_S = 300
    files.begin()
    long_ago = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(files.next_key, (long_ago, long_ago))
    before = datetime.now(UTC).replace(microsecond=0)
    files.switch()
    assert files.retires_at() >= before + timedelta(seconds=360)


def test_a_process_follows_the_key(files, settings, monkeypatch):
    settings.PATHS = type("Paths", (), {"secrets": files.folder})()
    keeper = signing._Keeper()
    old = keeper.current().headers["kid"]
    files.begin()
    files.switch()
    assert keeper.current().headers["kid"] == old
    monkeypatch.setattr(signing.time, "monotonic", lambda: keeper.looked_at + 1.0)
    assert keeper.current().headers["kid"] == key_id_of(files.certificate()) != old


def test_a_bundle_without_the_keys_own_certificate_is_refused(files):
    with pytest.raises(signing.ImproperlyConfigured, match="no certificate in its bundle"):
        load_signer(key_pem=new_signing_key(), certificate_pem=files.bundle.read_bytes())


def test_the_key_set_has_both_ids_and_verifies(files):
    keys = key_set(files.bundle.read_bytes())["keys"]
    certificate = files.certificate()
    assert [key["kid"] for key in keys] == [key_id_of(certificate), thumbprint_of(certificate)]
    signer = load_signer(key_pem=files.key.read_bytes(), certificate_pem=files.bundle.read_bytes())
    token = signer.sign(subject="alice", access=()).text
    public = jwt.PyJWK(keys[0]).key
    assert jwt.decode(token, public, ["ES256"], audience="dce-registry")["sub"] == "alice"


def test_the_thumbprint_is_that_of_rfc_7638():
    """Against the library's own reckoning of the same members."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    jwk = signing.jwk_of(key)
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    expected = jwt.utils.base64url_encode(sha256(text.encode()).digest()).decode()
    assert signing.thumbprint(key) == expected
