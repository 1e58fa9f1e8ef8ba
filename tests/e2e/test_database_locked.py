"""The embedded database takes no writes for a while, and what was sampled meanwhile is there afterwards."""

from __future__ import annotations

import sqlite3
import time

import pytest

from tests.e2e.outages import (
    assert_all_came_back,
    memory_mib,
    page,
    stay_away,
    watched_site,
)

pytestmark = [pytest.mark.portal, pytest.mark.nginx]


def test_the_embedded_database_takes_no_writes_for_a_while():
    """Somebody else holds its lock: pages that read go on, and what is polled is asked for again."""
    with watched_site() as site:
        session_key = site.sign_in("alice")
        before = memory_mib(site)
        (file,) = site.portal.data.glob("*.sqlite3")
        connection = sqlite3.connect(file, timeout=30, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        began = time.time()
        try:
            assert page(site, "/admin/nodes/node/", session_key).status_code == 200
            stay_away(began)
        finally:
            connection.execute("ROLLBACK")
            connection.close()
        assert_all_came_back(site, began=began, before=before)
