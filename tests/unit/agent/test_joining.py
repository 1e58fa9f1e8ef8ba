import base64
import hashlib
import shlex

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from dce_agent import joining
from dce_agent.errors import AgentError
from tests.factories.agent_pki import AgentAuthority

PIN = "sha256//" + "A" * 43 + "="


def test_a_pin_is_that_of_curl():
    certificate = x509.load_pem_x509_certificate(AgentAuthority().controller()[0].encode())
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    expected = base64.b64encode(hashlib.sha256(public).digest()).decode()
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert joining.key_pin(der) == f"sha256//{expected}"


@pytest.mark.parametrize("address", ["", "dce;rm", "http://dce", "dce:port", "dce:443/x", "a b"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(AgentError, match="no address"):
        joining.script(address, "dcej_x", PIN, [])


@pytest.mark.parametrize("token", ["", "../x", "a/b", "a b", "x" * 201, "x\r\nHost: y"])
def test_a_token_that_is_none_is_never_sent(token):
    with pytest.raises(AgentError, match="copy the line again"):
        joining.script("dce:443", token, PIN, [])


def test_further_arguments_are_quoted(monkeypatch):
    monkeypatch.setattr(joining, "_fetch", lambda *_: "#!/bin/sh\necho\n")
    text = joining.script("dce:443", "dcej_x", PIN, ["--name", "it's; $(reboot)"])
    first, rest = text.split("\n", 1)
    assert shlex.split(first) == ["set", "--", "--name", "it's; $(reboot)"]
    assert rest == "#!/bin/sh\necho\n"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (410, b"The join token has been used.\nmore", "has been used"),
        (404, b"", "answered 404"),
        (502, b"<html>", "answered 502"),
        (404, b"\x1b[31mred", r"^\[31mred$"),
        (200, b"<html>hello", "no join script"),
        (200, b"#!" + b"x" * (1 << 20), "no join script"),
    ],
)
def test_an_answer_that_is_no_script_is_a_sentence(status, body, reason):
    with pytest.raises(AgentError, match=reason):
        joining._script_of(status, body)
