"""Which adapter writes to a target."""

from __future__ import annotations

from apps.interop.adapters.http_writer import HttpWriter
from apps.interop.models import RemoteWrite
from apps.interop.ports import WriterPort
from dce_portal.sealing import unseal


def writer_of(target: RemoteWrite) -> WriterPort:
    """The way to one target, with its credential opened."""
    secret = unseal(target.sealed_secret) if target.sealed_secret else None
    return HttpWriter(target.url, username=target.username, secret=secret)
