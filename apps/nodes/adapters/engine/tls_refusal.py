"""Refuses certificates that TLS itself would take, and says in words why a certificate was refused."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Collection

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_OURS = _("its certificate was not issued by a CA that the portal trusts for this address")
OTHER_NAME = _("its certificate is for another name: another host answers at this address")
# OpenSSL's numbers (X509_V_ERR_…).
REASONS: dict[int, str | Promise] = {
    2: NOT_OURS,
    7: NOT_OURS,
    9: _("its certificate is not valid yet; compare its clock with that of the portal's machine"),
    10: _("its certificate has expired; it needs a new one, an agent by joining again"),
    18: NOT_OURS,
    19: NOT_OURS,
    20: NOT_OURS,
    21: NOT_OURS,
    26: _("its certificate is not one for a server"),
    62: OTHER_NAME,
    64: OTHER_NAME,
}


class CertificateRevokedError(ssl.SSLCertVerificationError):
    """The other side showed a certificate that the portal has revoked."""


def refuse_certificates(context: ssl.SSLContext, fingerprints: Collection[str]) -> None:
    """Have every connection of this context end in its handshake where one of these is shown."""
    if not fingerprints:
        return

    class Checked(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            shown = self.getpeercert(binary_form=True) or b""
            if hashlib.sha256(shown).hexdigest() in fingerprints:
                raise CertificateRevokedError(1, "certificate revoked")

    context.sslobject_class = Checked


def refusal_in_words(error: BaseException) -> str:
    """Why a certificate was refused; empty where the error is about something else."""
    cause = getattr(error, "certificate_error", None) or error
    if isinstance(cause, CertificateRevokedError):
        return str(_("its certificate was revoked; join the node again, or take its address away"))
    code = getattr(cause, "verify_code", None)
    return str(REASONS[code]) if code in REASONS else ""
