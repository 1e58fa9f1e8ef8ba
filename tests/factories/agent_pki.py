"""A portal's authority and the certificates around an agent, good and bad ones."""

from __future__ import annotations

import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONTROLLER = "dce-controller"
AGENT = "agent-0123456789ab.dce"
DAY = dt.timedelta(days=1)
SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
HOUR = dt.timedelta(hours=1)


class AgentAuthority:
    """Signs what it is asked to; ``certificate_pem`` is what an agent trusts."""

    def __init__(self, name="DCE test authority"):
        self._name = _subject(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        builder = self._builder(self._name, public, starts=-HOUR, ends=30 * DAY)
        for extension in (x509.BasicConstraints(ca=True, path_length=None), SIGNS_CERTIFICATES):
            builder = builder.add_extension(extension, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        builder = builder.add_extension(identifier, critical=False)
        self.certificate_pem = _pem(builder.sign(self._key, hashes.SHA256()))

    def controller(self, name=CONTROLLER, **dates):
        """A client's certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        client = ExtendedKeyUsageOID.CLIENT_AUTH
        return self._issue(_subject(name), key.public_key(), client, **dates), key_pem(key)

    def agent(self, csr_pem, *, name=AGENT, address="127.0.0.1", **dates):
        """A server's certificate for a request."""
        public = x509.load_pem_x509_csr(csr_pem.encode()).public_key()
        server = ExtendedKeyUsageOID.SERVER_AUTH
        return self._issue(_subject(name), public, server, names=(name, address), **dates)

    def _issue(self, subject, public, usage, *, names=(), starts=-HOUR, ends=9 * DAY):
        builder = self._builder(subject, public, starts=starts, ends=ends)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        for extension in (x509.ExtendedKeyUsage([usage]), authority):
            builder = builder.add_extension(extension, critical=False)
        if names:
            dns, address = x509.DNSName(names[0]), x509.IPAddress(ipaddress.ip_address(names[1]))
            alternative = x509.SubjectAlternativeName([dns, address])
            builder = builder.add_extension(alternative, critical=False)
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def _builder(self, subject, public, *, starts, ends):
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + starts)
            .not_valid_after(now + ends)
        )


def request_for(key):
    """A request to sign a certificate for a key that an agent does not have."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(AGENT))
    return _pem(builder.sign(key, hashes.SHA256()))


def new_key():
    """A private key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key):
    """A private key as text."""
    form = serialization.PrivateFormat.PKCS8
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none).decode()


def _subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(signed):
    return signed.public_bytes(serialization.Encoding.PEM).decode()
