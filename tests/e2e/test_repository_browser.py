"""From a push to its pages: a repository is found, opened down to a platform, and hidden from an outsider."""

from __future__ import annotations

import hashlib
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.docker_clients import Skopeo
from tests.e2e.site import Site, by_name
from tests.e2e.test_pages import Visitor
from tests.lab.host import wait_until
from tests.plugins.oci import write_index

pytestmark = [pytest.mark.browser, pytest.mark.portal, pytest.mark.lab, pytest.mark.clients]

NAME, TAG = "team/browsed", "1.0"


@pytest.fixture(scope="module")
def digest(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """That of an image for two platforms, pushed by Alice and known to the catalogue."""
    layout = write_index(tmp_path_factory.mktemp("image") / "layout")
    skopeo = Skopeo(tmp_path_factory.mktemp("skopeo"))
    assert skopeo.login(site.host, "alice", site.tokens["alice"]).ok
    pushed = skopeo.copy(layout.source, f"docker://{site.host}/{NAME}:{TAG}", "--all")
    assert pushed.ok, pushed.text
    wait_until(
        lambda: NAME in by_name(site.api("bob").list("repositories/"), "name"),
        what="the push in the catalogue",
        timeout_s=60,
    )
    raw = skopeo.must(
        "inspect", "--raw", "--tls-verify=false", f"docker://{site.host}/{NAME}:{TAG}"
    )
    return f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"


@pytest.fixture
def window(chromium_browser: Browser, site: Site):
    """Opens windows of people who are signed in."""
    opened = []

    def open_as(person: str) -> Visitor:
        context = chromium_browser.new_context(locale="en-US")
        opened.append(context)
        key = site.sign_in(person)
        context.add_cookies([{"name": "dce_session", "value": key, "url": site.base_url}])
        return Visitor(site, context.new_page())

    yield open_as
    for context in opened:
        context.close()


def search(visitor: Visitor) -> Page:
    """Look for the repository by a part of its name."""
    assert visitor.open("/admin/registry/repository/search/?q=browsed") == 200
    return visitor.page


def test_a_reader_finds_it_and_goes_down_to_its_platforms(window, digest: str):
    bob = window("bob")
    page = search(bob)
    page.get_by_role("link", name=NAME, exact=True).first.click()
    page.wait_for_url("**/admin/registry/repository/*/change/")
    command = f"docker pull {bob.site.host}/{NAME}:{TAG}"
    expect(page.locator(f"[data-copy='{command}']").first).to_be_visible()
    page.get_by_role("link", name=re.compile(rf"(^|:){re.escape(TAG)}$")).first.click()
    page.wait_for_url("**/admin/registry/tag/*/change/")
    for platform in ("linux/amd64", "linux/arm64/v8"):
        expect(page.locator(".dce-chip", has_text=platform).first).to_be_visible()
    exact = f"docker pull {bob.site.host}/{NAME}@{digest}"
    expect(page.locator(f"[data-copy='{exact}']").first).to_be_visible()
    assert bob.complaints == []


def test_an_outsider_finds_nothing_and_is_refused_by_address(window, digest: str):
    bob, mallory = window("bob"), window("mallory")
    page = search(bob)
    page.get_by_role("link", name=NAME, exact=True).first.click()
    page.wait_for_url("**/admin/registry/repository/*/change/")
    address = page.url.removeprefix(bob.site.base_url)
    assert NAME not in search(mallory).content()
    mallory.open(address)
    assert NAME not in mallory.page.content()
    assert mallory.page.locator(f"[data-copy*='{NAME}']").count() == 0
