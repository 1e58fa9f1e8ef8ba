"""Alerts through the whole portal: beat sends the look, the worker fires, the open page moves by itself."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import Site, seeded
from tests.lab.host import wait_until
from tests.plugins.portal import PASSWORD, started_portal

pytestmark = [pytest.mark.browser, pytest.mark.portal]

WITHIN_MS = 60_000
OPEN = "/admin/alerts/alert/open/"
# The tests' tokens end within a day, and are in use: that is what this rule finds at once.
RULE = {
    "name": "Tokens end today",
    "condition": "event",
    "metric": "token_days",
    "object_kind": "token",
    "comparison": "below",
    "value": 2,
    "clear_for_s": 0,
    "severity": "critical",
    "words": "Make new ones.",
}


@pytest.fixture(scope="module")
def plain_site() -> Iterator[Site]:
    """A portal without any engine, with the tests' people."""
    folder = Path(tempfile.mkdtemp(prefix="dce-alerts-"))
    try:
        with started_portal(folder / "var") as portal:
            site = seeded(portal)
            site.wait_healthy()
            yield site
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def page(plain_site: Site, chromium_page: Page) -> Iterator[Page]:
    """Signed in as the administrator; what the console complains of fails the test."""
    complaints: list[str] = []
    chromium_page.on("pageerror", lambda error: complaints.append(str(error)))
    chromium_page.set_default_timeout(WITHIN_MS)
    chromium_page.goto(f"{plain_site.base_url}/admin/login/")
    chromium_page.fill("input[name=username]", "admin")
    chromium_page.fill("input[name=password]", PASSWORD)
    chromium_page.click("button[type=submit]")
    chromium_page.wait_for_url("**/admin/")
    yield chromium_page
    assert complaints == []


def test_an_alert_comes_is_taken_and_goes_while_somebody_looks(
    plain_site: Site, page: Page
) -> None:
    api = plain_site.api("admin")
    api.get("me/")
    page.goto(f"{plain_site.base_url}{OPEN}")
    expect(page.locator(".dce-all-well")).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator("[data-live-state='live']")).to_be_visible(timeout=WITHIN_MS)
    made = api.post("alert-rules/", RULE)
    assert made.status_code == 201, made.text
    alert = page.locator(".dce-alert", has_text=RULE["name"]).first
    expect(alert).to_be_visible(timeout=WITHIN_MS)
    alert.get_by_text("Acknowledge", exact=True).click()
    alert.locator("input[name=note]").fill("I renew them")
    alert.get_by_role("button", name="I look after it").click()
    expect(page.locator(".dce-alert-taken", has_text="I renew them")).to_be_visible()
    rule = made.json()["url"]
    assert api.request("PATCH", rule, json={"value": 0}).status_code == 200
    expect(page.locator(".dce-all-well")).to_be_visible(timeout=WITHIN_MS)
    wait_until(
        lambda: not api.list("alerts/", state="firing"), what="the alerts to be over", timeout_s=60
    )


def test_a_rule_is_written_and_tried_without_leaving_the_page(plain_site: Site, page: Page) -> None:
    page.goto(f"{plain_site.base_url}/admin/alerts/alertrule/add/")
    page.select_option("[name=condition]", "event")
    expect(page.locator("[data-row=against]")).to_be_hidden()
    page.select_option("[name=metric]", "node_down")
    page.select_option("[name=object_kind]", "node")
    page.fill("[name=value]", "1")
    page.fill("[name=name]", "Mine")
    page.click("[data-try]")
    expect(page.locator("[data-tried='0']")).to_be_visible()
    page.fill("[name=value]", "nonsense")
    page.click("[data-try]")
    expect(page.locator("[data-row=value] [role=alert]")).to_be_visible()
    page.fill("[name=value]", "1")
    page.click("button.dce-button-main")
    expect(page.locator(".dce-rule", has_text="Mine")).to_be_visible()
