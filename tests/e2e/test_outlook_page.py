"""The page of outlooks in a real browser: lines or the sentence instead, the table, both spans, both languages."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from tests.factories.cluster import ClusterFactory, NodeFactory
from tests.factories.outlooks import a_fortnight_of_usage, forecasts_of
from tests.factories.usage_history import hours_before, measured
from tests.plugins.portal import CHECKOUT

pytestmark = pytest.mark.browser

PICTURES = CHECKOUT / "test-results"
ADDRESS = "/admin/metrics/outlook/"


@pytest.fixture(scope="session", autouse=True)
def _database_first(django_db_setup):
    """The database is there before the server that reads it."""


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch):
    """The test server's threads share one connection, which takes one question at a time."""
    turn, answer = threading.RLock(), BaseHandler.get_response

    def in_turn(handler, request):
        with turn:
            return answer(handler, request)

    monkeypatch.setattr(BaseHandler, "get_response", in_turn)


@pytest.fixture
def page(chromium_page):
    """A page that any error of a script fails."""
    complaints: list[str] = []
    chromium_page.on("pageerror", lambda error: complaints.append(str(error)))
    yield chromium_page
    assert complaints == []


@pytest.fixture
def hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def prod(db: None, hour: datetime):
    """A cluster with twenty days of usage, some forecasts of its last week, and a node whose disk fills."""
    cluster = ClusterFactory(name="prod")
    node = NodeFactory(cluster=cluster, hostname="node-7")
    usage = a_fortnight_of_usage(cluster.pk, end=hour)
    disk = measured(
        "node", node.pk, at=hour, label="node-7", cluster_ref=cluster.pk, disk_total_bytes=2.0**37
    )
    used = [2.0**37 * (0.6 + 0.0009 * number) for number in range(14 * 24)]
    hours_before(disk, hour, {"disk_used_bytes": used})
    forecasts_of([usage, disk], end=hour, hours_back=(168, 96, 48, 24, 0))
    return cluster


def sign_in(page: Page, base: str, person: User) -> None:
    """Without the dashboard between: what it asks would run beside what this test asks."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": base}
    page.context.add_cookies([cookie])


def picture_of(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"outlook-{name}.png", full_page=True)


def chart(page: Page, measure: str):
    return page.locator(f'.dce-outlook[data-measure="{measure}"]')


def test_charts_sentences_and_tables(live_server, prod, viewer, page):
    page.set_viewport_size({"width": 1400, "height": 1000})
    sign_in(page, live_server.url, viewer)
    page.goto(f"{live_server.url}{ADDRESS}")

    cpu = chart(page, "cpu_cores")
    expect(cpu.locator("canvas")).to_be_visible()
    expect(cpu.locator(".dce-outlook-says")).to_contain_text("it saves")
    expect(cpu.locator(".dce-outlook-key")).to_contain_text("80 % band")
    sent = chart(page, "network_tx_bps").locator(".dce-outlook-says")
    expect(sent).to_contain_text("No line is drawn")
    expect(page.locator(".dce-full")).to_contain_text("node-7")
    picture_of(page, "light")

    cpu.get_by_role("button", name="Show as a table").click()
    rows = cpu.locator(".dce-table tbody tr")
    expect(rows).to_have_count(48)
    expect(rows.last).to_contain_text("cores")

    cpu.locator('button[data-horizon="7d"]').click()
    expect(rows).to_have_count(336)


def test_a_short_history_says_when_there_is_enough(live_server, hour, viewer, page):
    cluster = ClusterFactory(name="young")
    row = measured("cluster", cluster.pk, at=hour)
    hours_before(row, hour, {"cpu_cores": [1.0] * 20})
    sign_in(page, live_server.url, viewer)

    page.goto(f"{live_server.url}{ADDRESS}")

    says = chart(page, "cpu_cores").locator(".dce-outlook-says")
    expect(says).to_contain_text("20 of the 48 hours of history")


def test_it_fits_a_phone_and_a_desk_by_night(live_server, prod, viewer, page):
    sign_in(page, live_server.url, viewer)
    page.emulate_media(color_scheme="dark")
    for language, width in (("en", 360), ("zh-hans", 360), ("zh-hans", 1400)):
        page.set_viewport_size({"width": width, "height": 900})
        cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.goto(f"{live_server.url}{ADDRESS}?horizon=7d")
        for measure in ("cpu_cores", "disk_used_bytes"):
            expect(chart(page, measure).locator("canvas")).to_be_visible()

        picture_of(page, f"{language}-dark-{width}")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0
