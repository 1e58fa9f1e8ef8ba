"""Makes keys and certificates; nothing here reads or writes a file."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
# A node whose clock is behind must accept what was issued a moment ago.
CLOCK_SLACK = timedelta(days=1)
SERVER_AUTH, CLIENT_AUTH = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CA's certificate with the key that signs for it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Wish:
    """What a leaf certificate shall say."""

    name: str
    names: tuple[str, ...]
    usage: x509.ObjectIdentifier
    days: int


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as it is kept in a file."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """A key that this module made."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The authority's keys are elliptic-curve keys.")
    return key


def certificate_pem(*certificates: x509.Certificate) -> bytes:
    """One or more certificates, one after the other."""
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of the whole certificate, in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def key_pin(certificate: x509.Certificate) -> str:
    """The SHA-256 of the public key, in base64 as curl's --pinnedpubkey has it after sha256//."""
    return base64.b64encode(hashlib.sha256(_spki(certificate.public_key())).digest()).decode()


def fits(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    """Whether the certificate is the key's own."""
    return _spki(certificate.public_key()) == _spki(key.public_key())


def is_two_thirds_old(certificate: x509.Certificate, *, now: datetime) -> bool:
    """Whether it is time for the next one."""
    issued = certificate.not_valid_before_utc + CLOCK_SLACK
    return now >= issued + (certificate.not_valid_after_utc - issued) * 2 / 3


def new_authority(*, now: datetime) -> Issuer:
    """A CA of its own name, so that two of them in one bundle are told apart."""
    key = new_key()
    name = _name(f"DCE Portal CA {secrets.token_hex(4)}")
    builder = _builder(name, key.public_key(), now=now, days=AUTHORITY_DAYS)
    builder = _as_authority(builder).issuer_name(name)
    return Issuer(builder.sign(key, hashes.SHA256()), key)


def cross_certificate(new: x509.Certificate, *, by: Issuer, now: datetime) -> x509.Certificate:
    """The new CA vouched for by the old one: whoever trusts only the old one trusts what the new one issues."""
    days = (by.certificate.not_valid_after_utc - now).days
    key = new.public_key()
    builder = _builder(new.subject, key, now=now, days=min(days, AUTHORITY_DAYS))
    builder = _as_authority(builder).issuer_name(by.certificate.subject)
    return _signed(builder, by)


def leaf_certificate(
    wish: Wish, *, public_key: CertificatePublicKeyTypes, by: Issuer, now: datetime
) -> x509.Certificate:
    """A certificate of a server or a client; it can issue nothing itself."""
    builder = _builder(_name(wish.name), public_key, now=now, days=wish.days)
    builder = (
        builder.issuer_name(by.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([wish.usage]), critical=False)
    )
    if wish.names:
        names = x509.SubjectAlternativeName(_general_names(wish.names))
        builder = builder.add_extension(names, critical=False)
    return _signed(builder, by)


def alternative_names(certificate: x509.Certificate) -> frozenset[str]:
    """The host names and addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    names = found.get_values_for_type(x509.DNSName)
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset([*names, *(str(address) for address in addresses)])


def utc_now() -> datetime:
    """This moment to the second, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _builder(
    subject: x509.Name, key: CertificatePublicKeyTypes, *, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    ).add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)


def _signed(builder: x509.CertificateBuilder, by: Issuer) -> x509.Certificate:
    own = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
    return builder.add_extension(issuer_key, critical=False).sign(by.key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*used: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in used for name in _KEY_USAGES})


def _general_names(names: Iterable[str]) -> Sequence[x509.GeneralName]:
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _spki(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
