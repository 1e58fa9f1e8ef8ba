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
HOUR = dt.timedelta(hours=1)


class AgentAuthority:
    """Signs what it is asked to; ``certificate_pem`` is what an agent trusts."""

    def __init__(self, name="DCE test authority"):
        self._name = _subject(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        key_usage = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self._name, self._key.public_key(), starts=-HOUR, ends=30 * DAY)
        certificate = builder.add_extension(key_usage, critical=True)
        self.certificate_pem = _pem(certificate.sign(self._key, hashes.SHA256()))

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
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
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
