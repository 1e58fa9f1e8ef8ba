"""Which adapter tells the figures of the portal's own machine."""

from __future__ import annotations

from functools import cache

from apps.metrics.adapters.psutil_host import PsutilHost
from apps.metrics.ports import HostPort


@cache
def host() -> HostPort:
    """One reader for this process."""
    return PsutilHost()
