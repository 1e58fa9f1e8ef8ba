"""PostgreSQL is away for a while, and what was sampled meanwhile is there afterwards."""

from __future__ import annotations

import time

import pytest
import requests

from tests.e2e.outages import (
    assert_all_came_back,
    memory_mib,
    page,
    ready,
    stay_away,
    watched_site,
)
from tests.e2e.postgres import running_postgres

pytestmark = [pytest.mark.portal, pytest.mark.nginx]


@pytest.mark.postgres
def test_postgresql_is_gone_for_a_while():
    with running_postgres() as server, watched_site(DCE_DATABASE_URL=server.url) as site:
        session_key = site.sign_in("alice")
        before = memory_mib(site)
        server.stop()
        began = time.time()
        try:
            told = ready(site)
            assert (told["status"], told["database"]["ok"], told["redis"]["ok"]) == (
                503,
                False,
                True,
            )
            answer = page(site, "/admin/", session_key)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert "database does not answer" in answer.text
            api = site.api().request("GET", "nodes/")
            assert (api.status_code, api.json()["error"]["code"]) == (503, "unavailable")
            scraped = requests.get(
                f"{site.base_url}/metrics",
                headers={"Authorization": f"Bearer {site.tokens['scraper']}"},
                timeout=60,
            )
            assert (scraped.status_code, "database" in scraped.text) == (503, True)
            stay_away(began)
        finally:
            server.start()
        assert_all_came_back(site, began=began, before=before)
