"""Reads a node's request for a certificate, and refuses what must not be signed."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

MOST_CHARACTERS = 8192
AGENT_NAME = re.compile(r"agent-[0-9a-f]{12}\.dce")
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
AgentKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def check_agent_name(name: str) -> None:
    """Refuse a name that is no agent's: an agent must never bear the portal's own."""
    if AGENT_NAME.fullmatch(name) is None:
        raise InvalidInput(
            _("%(name)s is no agent's name; one is agent-, twelve hexadecimal digits and .dce.")
            % {"name": name[:80]},
            field="name",
        )


def agent_key(csr_pem: str, *, name: str) -> AgentKey:
    """The public key that a request asks to have certified under this name."""
    request = _parsed(csr_pem)
    key = request.public_key()
    _check_key(key)
    _check_signature(request)
    _check_subject(request, name)
    return key  # type: ignore[return-value]  # _check_key lets no other kind through


def _parsed(csr_pem: str) -> x509.CertificateSigningRequest:
    if len(csr_pem) > MOST_CHARACTERS:
        raise _refused(
            _("The certificate request is longer than %(most)s characters. Nothing was signed.")
            % {"most": MOST_CHARACTERS}
        )
    try:
        return x509.load_pem_x509_csr(csr_pem.encode())
    except ValueError:
        raise _refused(
            _("This is no certificate request in PEM form. Nothing was signed.")
        ) from None


def _check_key(key: object) -> None:
    is_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES)
    is_rsa = isinstance(key, rsa.RSAPublicKey) and LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS
    if not (is_curve or is_rsa):
        raise _refused(
            _(
                "The request's key is too weak or of an unknown kind; P-256, P-384, P-521"
                " and RSA from 2048 bits are taken. Nothing was signed."
            )
        )


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    try:
        is_signed = request.is_signature_valid
    except (InvalidSignature, ValueError, TypeError):
        is_signed = False
    if not is_signed:
        raise _refused(_("The request is not signed with its own key. Nothing was signed."))


def _check_subject(request: x509.CertificateSigningRequest, name: str) -> None:
    asked = [attribute.value for attribute in request.subject]
    common = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(asked) != 1 or [attribute.value for attribute in common] != [name]:
        raise _refused(
            _("The request is for another name than %(name)s. Nothing was signed.") % {"name": name}
        )


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="csr")
