"""How the portal and an engine or agent know each other over TLS."""

from __future__ import annotations

import ssl

from apps.nodes.adapters.tls_refusal import refuse_certificates
from apps.nodes.ports import TlsFiles


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Trust the given CA only (else the system's), and show our certificate."""
    context = ssl.create_default_context(cafile=files.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.cert:
        context.load_cert_chain(files.cert, files.key or None)
    refuse_certificates(context, files.refused)
    return context
