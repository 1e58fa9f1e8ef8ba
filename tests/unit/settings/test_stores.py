"""How the settings ask Redis."""

from __future__ import annotations

from dce_portal.settings import base


def test_a_redis_that_hangs_keeps_nobody_waiting_for_long() -> None:
    limits = base.CACHES["default"]["OPTIONS"]
    assert max(limits["socket_timeout"], limits["socket_connect_timeout"]) <= 5
