"""Keys are made once, whole and private."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dce_portal import secret_files
from dce_portal.launcher.keys import make_keys, write_once


def test_made_once(tmp_path: Path) -> None:
    """A second start changes nothing."""
    made = make_keys(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(made) == sorted(before)
    assert make_keys(tmp_path) == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_private(tmp_path: Path) -> None:
    """For this user alone."""
    make_keys(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_certificate_is_of_the_signing_key(tmp_path: Path) -> None:
    """P-256, ten years, and only the certificate is made again when it is lost."""
    make_keys(tmp_path)
    key_text = (tmp_path / secret_files.SIGNING_KEY).read_bytes()
    (tmp_path / secret_files.SIGNING_CERTIFICATE).unlink()
    assert make_keys(tmp_path) == [secret_files.SIGNING_CERTIFICATE]
    key = load_pem_private_key(key_text, password=None)
    pem = (tmp_path / secret_files.SIGNING_CERTIFICATE).read_bytes()
    certificate = x509.load_pem_x509_certificate(pem)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert certificate.public_key() == key.public_key()
    assert certificate.not_valid_before_utc < datetime.now(UTC)
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3640)


def test_sealing_key_fits_fernet(tmp_path: Path) -> None:
    """Sealed fields use it as it is."""
    make_keys(tmp_path)
    sealer = Fernet(secret_files.read_secret(tmp_path, secret_files.SEALING_KEY))
    assert sealer.decrypt(sealer.encrypt(b"x")) == b"x"


def test_a_crash_while_writing_leaves_nothing(tmp_path: Path) -> None:
    """Neither half a key nor its draft."""

    def crash() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_once(tmp_path / "key", crash)
    assert list(tmp_path.iterdir()) == []


def test_a_race_is_won_by_the_first(tmp_path: Path) -> None:
    """Another start made the key while this one was at it."""

    def somebody_was_faster() -> bytes:
        (tmp_path / "key").write_bytes(b"first")
        return b"second"

    assert write_once(tmp_path / "key", somebody_was_faster) is False
    assert (tmp_path / "key").read_bytes() == b"first"
