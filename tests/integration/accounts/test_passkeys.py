"""What a browser's script says of passkeys, true or not; in a real browser: tests/e2e/test_sign_in.py."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

from apps.accounts.models import Passkey
from apps.accounts.security import webauthn
from tests.factories.accounts import PASSWORD

ASK_NEW, ADD = "/admin/security/passkeys/ask/", "/admin/security/passkeys/"
ASK, SIGN_IN = "/admin/sign-in/passkey/ask/", "/admin/sign-in/passkey/"
CONFIRM = "/admin/security/confirm/"
PRESENT_AND_VERIFIED, HAS_KEY = 0x05, 0x40


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@dataclass
class Key:
    """A security key of the test's own."""

    id: bytes = b"k" * 16
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    public: dict = field(default_factory=dict)

    def made(self, options: dict) -> dict:
        """Its answer to being asked for a new passkey."""
        public = self.public or ES256.from_cryptography_key(self.private.public_key())
        data = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        about = _about(PRESENT_AND_VERIFIED | HAS_KEY, data)
        whole = cbor.encode({"fmt": "none", "authData": bytes(about), "attStmt": {}})
        asked = _asked("webauthn.create", options)
        return self._answer({"clientDataJSON": _text(asked), "attestationObject": _text(whole)})

    def signed(self, options: dict) -> dict:
        """Its answer to being asked to sign."""
        asked, about = _asked("webauthn.get", options), bytes(_about(PRESENT_AND_VERIFIED))
        signature = self.private.sign(
            about + hashlib.sha256(asked).digest(), ec.ECDSA(hashes.SHA256())
        )
        said = {"authenticatorData": about, "clientDataJSON": asked, "signature": signature}
        return self._answer({name: _text(value) for name, value in said.items()})

    def _answer(self, response: dict) -> dict:
        name = _text(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _about(flags: int, data: bytes = b"") -> AuthenticatorData:
    host = hashlib.sha256(b"localhost").digest()
    return AuthenticatorData.create(host, flags, 0, data)


def _asked(kind: str, options: dict) -> bytes:
    challenge = options["publicKey"]["challenge"]
    said = {"type": kind, "challenge": challenge, "origin": "http://localhost"}
    return json.dumps(said).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def browser(username: str = "") -> Client:
    client = Client(headers={"Host": "localhost"})
    if username:
        client.post("/admin/login/", {"username": username, "password": PASSWORD})
    return client


def say(client: Client, address: str, body: object = None):
    return client.post(address, json.dumps(body or {}), content_type="application/json")


def grow_stale(client: Client) -> None:
    session = client.session
    session["dce_signed_in"] = {**session["dce_signed_in"], "at": 0}
    session.save()


def test_a_passkey_is_made_and_signs_in(alice):
    key, client = Key(), browser("alice")
    options = say(client, ASK_NEW).json()
    assert say(client, ADD, {"answer": key.made(options), "name": "laptop"}).status_code == 200
    assert Passkey.objects.get(owner=alice).name == "laptop"
    other = browser()
    options = say(other, ASK).json()
    assert say(other, SIGN_IN, {"answer": key.signed(options)}).json() == {"next": "/admin/"}
    assert other.get("/admin/security/").status_code == 200


def test_what_was_asked_to_sign_in_makes_no_passkey(alice):
    client = browser("alice")
    options = say(client, ASK).json()
    answer = say(client, ADD, {"answer": Key().made(options)})
    assert (answer.status_code, "too long" in answer.json()["error"]) == (400, True)
    assert not Passkey.objects.exists()


def test_what_was_asked_for_a_new_passkey_signs_nobody_in(alice):
    key, client = Key(), browser("alice")
    say(client, ADD, {"answer": key.made(say(client, ASK_NEW).json())})
    options = say(client, ASK_NEW).json()
    assert say(client, SIGN_IN, {"answer": key.signed(options)}).status_code == 400


def test_a_session_that_is_no_longer_fresh_keeps_no_passkey(alice):
    client = browser("alice")
    options = say(client, ASK_NEW).json()
    grow_stale(client)
    assert say(client, ADD, {"answer": Key().made(options)}).json() == {"next": CONFIRM}
    assert not Passkey.objects.exists()


def test_what_one_person_was_asked_is_no_answer_of_anothers(alice, bob):
    client = browser("alice")
    options = say(client, ASK_NEW).json()
    session = client.session
    session["dce_passkey"] = {**session["dce_passkey"], "owner": bob.pk}
    session.save()
    assert say(client, ADD, {"answer": Key().made(options)}).status_code == 400
    assert not Passkey.objects.exists()


def broken(whole: bytes) -> dict:
    return {"attestationObject": _text(whole)}


@pytest.mark.parametrize(
    "response",
    [
        broken(b"\x19"),
        broken(b"\x81" * 5000),
        broken(cbor.encode({"fmt": "none", "authData": bytes(_about(0x05)), "attStmt": {}})),
        broken(b""),
    ],
    ids=["cut off", "too deep", "without a key", "empty"],
)
def test_a_broken_key_is_refused_in_words(alice, response):
    client = browser("alice")
    answer = Key().made(say(client, ASK_NEW).json())
    answer["response"].update(response)
    refused = say(client, ADD, {"answer": answer})
    assert (refused.status_code, "does not fit" in refused.json()["error"]) == (400, True)


def test_a_key_whose_signatures_cannot_be_checked_is_not_kept(alice):
    client = browser("alice")
    key = Key(public={1: 2, 3: -999, -1: 1})
    assert say(client, ADD, {"answer": key.made(say(client, ASK_NEW).json())}).status_code == 400
    assert not Passkey.objects.exists()


def test_what_no_database_keeps_is_not_asked_of_one(alice):
    client = browser("alice")
    options = say(client, ASK_NEW).json()
    say(client, ADD, {"answer": Key().made(options), "name": "lap\0top"})
    assert Passkey.objects.get().name == "lap␀top"
    assert "\0" not in webauthn.credential_of({"id": "a\0b"})
