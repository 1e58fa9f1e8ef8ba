"""Redis hangs for a while: what the nodes sampled meanwhile is there afterwards, without a gap."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e.outages import (
    assert_all_came_back,
    memory_mib,
    page,
    ready,
    stay_away,
    watched_site,
)

pytestmark = [pytest.mark.portal, pytest.mark.nginx]


def test_redis_hangs_for_a_while():
    """Stopped rather than killed: every call to it waits until its timeout."""
    with watched_site() as site:
        session_key = site.sign_in("alice")
        before, redis = memory_mib(site), site.process_ids()["redis"]
        began = time.time()
        os.kill(redis, signal.SIGSTOP)
        try:
            told = ready(site)
            assert (told["status"], told["redis"]["ok"], told["database"]["ok"]) == (
                503,
                False,
                True,
            )
            assert page(site, "/admin/nodes/node/", session_key).status_code == 200
            assert site.api("bob").list("nodes/")
            stay_away(began)
        finally:
            os.kill(redis, signal.SIGCONT)
        assert_all_came_back(site, began=began, before=before)
