"""How the portal and an engine or agent know each other over TLS."""

from __future__ import annotations

import ssl
from asyncio.sslproto import SSLProtocol
from functools import lru_cache
from pathlib import Path

from apps.nodes.adapters.engine.tls_refusal import refuse_certificates
from apps.nodes.ports import TlsFiles

MOST_CONTEXTS = 64
# Each open connection keeps a buffer of this size. Python's own 256 KiB would be 256 MiB for a
# thousand agents; a TLS record has 16 KiB at most.
SSLProtocol.max_size = 16 * 1024


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Trust the given CA only (else the system's), and show our certificate.

    All connections with the same files share one, since a thousand agents' own would take
    100 MB; it is made anew when a file was written.
    """
    paths = (files.ca, files.cert, files.key)
    return _context(files, tuple(Path(path).stat().st_mtime_ns for path in paths if path))


@lru_cache(maxsize=MOST_CONTEXTS)
def _context(files: TlsFiles, _written_at_ns: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.cert:
        context.load_cert_chain(files.cert, files.key or None)
    refuse_certificates(context, files.refused)
    return context
