"""Registry tokens as registry 2.8 and 3.x read them."""

from __future__ import annotations

import base64
import re

import jwt
import pytest
from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.registry import signing
from apps.registry.rights import Access
from dce_portal.launcher.keys import make_keys


@pytest.fixture
def signer(tmp_path):
    make_keys(tmp_path)
    return signing.load_signer(
        key_pem=(tmp_path / "token-key.pem").read_bytes(),
        certificate_pem=(tmp_path / "token-certificate.pem").read_bytes(),
    )


def test_token(signer):
    token = signer.sign(subject="alice", access=[Access("repository", "team/app", ("pull",))])
    header = jwt.get_unverified_header(token.text)
    certificate = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    claims = jwt.decode(
        token.text,
        certificate.public_key(),
        ["ES256"],
        audience="dce-registry",
        issuer="dce-portal",
    )
    assert claims["aud"] == "dce-registry"
    assert claims["sub"] == "alice"
    assert claims["access"] == [{"type": "repository", "name": "team/app", "actions": ["pull"]}]
    assert [type(claims[name]) for name in ("iat", "nbf", "exp")] == [int, int, int]
    assert claims["exp"] - claims["iat"] == token.life_s == settings.REGISTRY_TOKEN_LIFE_S
    assert re.fullmatch(r"([A-Z2-7]{4}:){11}[A-Z2-7]{4}", header["kid"])


def test_each_token_has_an_id_of_its_own(signer):
    ids = {
        jwt.decode(signer.sign(subject="", access=[]).text, options={"verify_signature": False})[
            "jti"
        ]
        for _ in range(3)
    }
    assert len(ids) == 3


def test_missing_key_says_how_to_make_it(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(signing, "_keeper", signing._Keeper())
    settings.PATHS = type("Paths", (), {"secrets": tmp_path})()
    with pytest.raises(ImproperlyConfigured, match="make run"):
        signing.signer()
