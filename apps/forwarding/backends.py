"""Which adapter leads to a receiver."""

from __future__ import annotations

import ssl

from apps.forwarding.adapters.syslog import DatagramSyslog, StreamSyslog
from apps.forwarding.adapters.webhook import Webhook
from apps.forwarding.models import Forward
from apps.forwarding.ports import SinkPort
from apps.forwarding.rules.addresses import host_and_port
from dce_portal.sealing import unseal

Kind = Forward.Kind


def sink_of(forward: Forward) -> SinkPort:
    """The way to one receiver, with its key opened."""
    if forward.kind == Kind.WEBHOOK:
        key = unseal(forward.sealed_secret) if forward.sealed_secret else None
        return Webhook(forward.address, key=key, ca_certificates=forward.ca_certificates)
    host, port = host_and_port(forward.address) or ("", 0)
    if forward.kind == Kind.SYSLOG_UDP:
        return DatagramSyslog(host, port)
    tls = tls_of(forward.ca_certificates) if forward.kind == Kind.SYSLOG_TLS else None
    return StreamSyslog(host, port, tls=tls)


def tls_of(certificates: str) -> ssl.SSLContext:
    """Trusts these certificates alone, or the system's; names are checked."""
    return ssl.create_default_context(cadata=certificates or None)
