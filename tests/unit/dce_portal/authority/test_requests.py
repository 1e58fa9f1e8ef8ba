"""What is signed, and what must not be."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from dce_portal.authority.requests import agent_key, check_agent_name
from dce_portal.errors import InvalidInput
from tests.plugins.authority import AGENT, csr_pem

# The library at hand makes no such key any more; others still do.
RSA_512 = """\
-----BEGIN CERTIFICATE REQUEST-----
MIHbMIGGAgEAMCExHzAdBgNVBAMMFmFnZW50LTAxMjM0NTY3ODlhYi5kY2UwXDAN
BgkqhkiG9w0BAQEFAANLADBIAkEA68VwotB37BGtBhowYryhTEKwGnJp8ilUPTLM
27FI4gddSBwhUtGqbg7Jji+PKd+Ux3mE1gGtZDqgviYLAOKG6QIDAQABoAAwDQYJ
KoZIhvcNAQELBQADQQAHYJ6vIxAiUOavcMkuk/6+f0gn8pZW975RQdrVJKnxbwBc
xdErwdcGdaTC1GyfXTjBjnXqdGjj02wEPGMYC32S
-----END CERTIFICATE REQUEST-----
"""


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ],
)
def test_usual_keys_are_taken(key) -> None:
    assert agent_key(csr_pem(key=key), name=AGENT) == key.public_key()


@pytest.mark.parametrize(
    "text", ["", "garbage", "数据", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA"]
)
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no certificate request in PEM form") as caught:
        agent_key(text, name=AGENT)
    assert caught.value.field == "csr"


def test_a_huge_request_is_not_even_read() -> None:
    huge = csr_pem() + "A" * 1_000_000
    with pytest.raises(InvalidInput, match="longer than 8192 characters"):
        agent_key(huge, name=AGENT)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP224R1()),
    ],
)
def test_weak_and_unknown_keys_are_refused(key) -> None:
    with pytest.raises(InvalidInput, match="too weak or of an unknown kind"):
        agent_key(csr_pem(key=key), name=AGENT)


def test_rsa_512_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"too weak|no certificate request"):
        agent_key(RSA_512, name=AGENT)


def test_ed25519_is_refused() -> None:
    """Old TLS libraries on nodes do not speak it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AGENT)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    with pytest.raises(InvalidInput, match="unknown kind"):
        agent_key(request.public_bytes(serialization.Encoding.PEM).decode(), name=AGENT)


@pytest.mark.parametrize("name", ["portal.example.org", "agent-ba9876543210.dce", ""])
def test_another_name_than_asked_is_refused(name: str) -> None:
    text = csr_pem(name) if name else _without_subject()
    with pytest.raises(InvalidInput, match=f"for another name than {AGENT}"):
        agent_key(text, name=AGENT)


def test_a_second_name_is_refused() -> None:
    name = x509.NameAttribute(NameOID.COMMON_NAME, AGENT)
    other = x509.NameAttribute(NameOID.COMMON_NAME, "portal.example.org")
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([name, other]))
    request = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    with pytest.raises(InvalidInput, match="another name"):
        agent_key(request.public_bytes(serialization.Encoding.PEM).decode(), name=AGENT)


def test_a_request_that_its_key_did_not_sign_is_refused() -> None:
    """Else a node could have somebody else's key certified."""
    lines = csr_pem().splitlines()
    content = bytearray(base64.b64decode("".join(lines[1:-1])))
    content[-1] ^= 1
    forged = "\n".join([lines[0], base64.b64encode(bytes(content)).decode(), lines[-1]])
    with pytest.raises(InvalidInput, match="not signed with its own key"):
        agent_key(forged, name=AGENT)


@pytest.mark.parametrize("name", ["dce-controller", "agent-0123.dce", f"{AGENT}.evil.org", "*.dce"])
def test_only_agents_names_are_certified(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no agent's name"):
        check_agent_name(name)


def _without_subject() -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()
