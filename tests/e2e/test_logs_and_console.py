"""A running container's log and console in a browser, over the shared portal and its Swarm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.lab_services import service
from tests.e2e.site import Site, by_name
from tests.e2e.test_pages import Visitor
from tests.lab.host import wait_until
from tests.lab.images import BUSYBOX_IMAGE
from tests.lab.swarm import Lab
from tests.plugins.portal import CHECKOUT

pytestmark = [pytest.mark.browser, pytest.mark.portal, pytest.mark.lab]

SHOWN_WITHIN_S = 60
SAYS = r"echo first; echo 'bad <b>not bold</b>' >&2; printf '\033[32mgreen\033[0m words\n'; exec sleep 1000"
PICTURES = CHECKOUT / "test-results"


@dataclass(frozen=True)
class Talker:
    """A container that has said something, as the engine and the portal know it."""

    lab: Lab
    native_id: str
    pk: int

    def say(self, text: str) -> None:
        """Let its first process write one more line."""
        api = self.lab.engine(1).api
        command = ["sh", "-c", f"echo '{text}' >/proc/1/fd/1"]
        made = api.post(f"/containers/{self.native_id}/exec", {"Cmd": command})
        api.post(f"/exec/{made['Id']}/start", {"Detach": True})


@pytest.fixture(scope="module")
def talker(site: Site, swarm_lab: Lab) -> Iterator[Talker]:
    api = swarm_lab.engine(1).api
    wish = {
        "Image": BUSYBOX_IMAGE,
        "Cmd": ["sh", "-c", SAYS],
        "HostConfig": {"NetworkMode": "host"},
    }
    made = api.post("/containers/create", wish, name="talker")
    api.post(f"/containers/{made['Id']}/start", {})

    def found() -> dict[str, Any] | None:
        return by_name(site.api().list("containers/"), "name").get("talker")

    wait_until(lambda: found() is not None, what="the talker", timeout_s=SHOWN_WITHIN_S)
    row = found()
    assert row is not None
    yield Talker(swarm_lab, str(made["Id"]), int(row["id"]))
    api.delete(f"/containers/{made['Id']}", force=1)


@pytest.fixture
def visit(site: Site, chromium_browser: Browser) -> Iterator[Any]:
    """A window of a person who signed in."""
    contexts = []

    def open_as(person: str = "admin", **options: Any) -> Visitor:
        context = chromium_browser.new_context(
            **{"viewport": {"width": 1200, "height": 900}, **options}
        )
        key = site.sign_in(person)
        context.add_cookies([{"name": "dce_session", "value": key, "url": site.base_url}])
        contexts.append(context)
        return Visitor(site, context.new_page())

    yield open_as
    for context in contexts:
        context.close()


def container_page(talker: Talker, name: str) -> str:
    return f"/admin/workloads/container/{talker.pk}/{name}/"


def test_a_log_comes_live_and_is_searched(visit: Any, talker: Talker) -> None:
    visitor = visit("bob")
    page: Page = visitor.page
    visitor.open(f"/admin/workloads/container/{talker.pk}/change/")
    expect(page.get_by_role("link", name="Console")).to_have_count(0)
    page.get_by_role("link", name="Logs").click()
    lines = page.locator(".dce-log-line")
    expect(lines).to_have_count(3)
    expect(page.locator(".dce-log-stderr .dce-log-text")).to_contain_text("bad <b>not bold</b>")
    expect(page.locator(".dce-log-stderr .dce-log-mark")).to_have_text("!")
    expect(page.locator(".dce-ansi-front-2")).to_have_text("green")
    talker.say("later")
    expect(lines.last).to_contain_text("later")
    page.locator("[data-lines]").focus()
    page.keyboard.press("Space")
    talker.say("while paused")
    expect(page.locator("[data-newest-word]")).to_have_text("New lines: 1")
    page.locator("[data-newest]").click()
    expect(lines.last).to_contain_text("while paused")
    page.keyboard.press("/")
    page.locator("[name=find]").fill("LATER")
    expect(page.locator("mark")).to_have_text("later")
    expect(page.locator("[data-found]")).to_have_text("1 found")
    assert not visitor.complaints


def test_a_lost_line_goes_on_without_doubles(visit: Any, talker: Talker, site: Site) -> None:
    visitor = visit()
    page: Page = visitor.page
    visitor.open(container_page(talker, "logs"))
    expect(page.locator(".dce-log-line", has_text="first")).to_have_count(1)
    expect(page.locator(".dce-log-line", has_text="green words")).to_have_count(1)
    page.context.set_offline(True)
    page.evaluate("document.querySelector('[data-lines]').dataset.kept = 'yes'")
    restart_stream(site)
    talker.say("in between")
    page.context.set_offline(False)
    expect(page.locator(".dce-log-line", has_text="in between")).to_have_count(1)
    for text in ("first", "green words"):
        expect(page.locator(".dce-log-line", has_text=text)).to_have_count(1)
    expect(page.locator("[data-lines][data-kept=yes]")).to_have_count(1)


def restart_stream(site: Site) -> None:
    """End the process that holds the lines; supervisord brings another."""
    before = site.process_ids()["stream"]
    os.kill(before, 9)
    wait_until(
        lambda: site.process_ids().get("stream", before) != before, what="stream", timeout_s=60
    )


def test_a_console_answers_takes_its_size_and_is_in_the_audit(
    visit: Any, talker: Talker, site: Site
) -> None:
    visitor = visit()
    page: Page = visitor.page
    visitor.open(container_page(talker, "console"))
    page.get_by_role("button", name="Open a console").click()
    screen = page.locator(".xterm-rows")
    expect(screen).to_contain_text("/ #")
    page.keyboard.type("echo $((6*7)); busybox stty size\n")
    expect(screen).to_contain_text("42")
    page.set_viewport_size({"width": 700, "height": 700})
    wide = "document.querySelector('.xterm-rows').childElementCount"
    rows = page.evaluate(wide)
    page.keyboard.type("busybox stty size\n")
    expect(screen).to_contain_text(f"{rows} ")
    page.keyboard.type("exit 3\n")
    expect(page.locator("[data-state]")).to_contain_text("exit code 3")
    assert not visitor.complaints
    entries = site.api().list("audit/")
    kinds = {entry["action"]: entry for entry in entries if entry["action"].startswith("console.")}
    assert kinds["console.close"]["detail"]["exit_code"] == 3
    assert kinds["console.open"]["detail"]["command"] == "bash | sh"
    assert kinds["console.open"]["target_label"] == "talker"


def test_a_service_tells_of_all_its_tasks(visit: Any, site: Site, swarm_lab: Lab) -> None:
    with service(swarm_lab, "quiet", replicas=1):

        def known() -> dict[str, Any]:
            return by_name(site.api().list("services/"), "name")

        wait_until(lambda: "quiet" in known(), what="the service", timeout_s=SHOWN_WITHIN_S)
        visitor = visit()
        visitor.open(f"/admin/workloads/service/{known()['quiet']['id']}/logs/")
        expect(visitor.page.locator(".dce-log-empty")).to_contain_text("No output yet")


def test_who_may_not_is_refused(visit: Any, talker: Talker, site: Site) -> None:
    for person, name in (("mallory", "logs"), ("mallory", "console"), ("bob", "console")):
        assert visit(person).open(container_page(talker, name)) == 403
    for person, status in (("bob", 200), ("mallory", 403), ("", 401)):
        answer = site.api(person).request("GET", f"containers/{talker.pk}/logs/?tail=2")
        assert answer.status_code == status
    text = site.api("bob").request("GET", f"containers/{talker.pk}/logs/").text
    assert "green words\n" in text
    assert "\x1b" not in text
