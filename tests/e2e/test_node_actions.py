"""Every action on a node, driven from its page in a browser and seen on a real Swarm of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.lab_services import availability, containers_on, service
from tests.e2e.site import Site, by_name, seeded
from tests.e2e.test_pages import VIEWPORT, Visitor
from tests.lab.host import wait_until
from tests.lab.swarm import Lab, swarm_state
from tests.plugins.portal import started_portal

pytestmark = [pytest.mark.browser, pytest.mark.portal, pytest.mark.lab]

ENDS_WITHIN_MS = 120_000
SEEN_WITHIN_S = 60


@dataclass
class Stage:
    """A Swarm of one manager and two workers, its portal, and the administrator's window."""

    lab: Lab
    site: Site
    visitor: Visitor

    @property
    def page(self) -> Page:
        """The window's page."""
        return self.visitor.page

    def rows(self) -> dict[str, dict[str, Any]]:
        """The portal's nodes by host name."""
        return by_name(self.site.api().list("nodes/"), "hostname")

    def members(self) -> set[str]:
        """Whom the portal takes for the Swarm's; one that left is watched on as a single engine."""
        return {name for name, row in self.rows().items() if row["cluster_name"] == "swarm"}

    def spec(self, hostname: str) -> dict[str, Any]:
        """What the Swarm itself says of a node."""
        return dict(self.lab.nodes()[hostname]["Spec"])

    def open_action(self, hostname: str, label: str) -> None:
        """From the node's page to the page of one of its actions."""
        self.visitor.open(f"/admin/nodes/node/{self.rows()[hostname]['id']}/change/")
        self.page.locator(".dce-actions").get_by_role("link", name=label, exact=True).click()
        expect(self.page.locator('form[data-page="action"]')).to_be_visible()

    def confirm(self) -> None:
        """Press the button that does it, and follow the operation to its good end."""
        self.page.locator('form[data-page="action"] button[type=submit]').first.click()
        state = self.page.locator('[data-field="state"]')
        expect(state).to_have_text(
            re.compile("succeeded|failed", re.IGNORECASE), timeout=ENDS_WITHIN_MS
        )
        assert "succeeded" in state.inner_text().lower(), self.page.locator(
            "main, body"
        ).first.inner_text()

    def act(self, hostname: str, label: str) -> None:
        """Open, confirm, follow."""
        self.open_action(hostname, label)
        self.confirm()

    def wait_row(self, hostname: str, **wanted: object) -> None:
        """Wait until the portal's row says the same."""
        wait_until(
            lambda: wanted.items() <= self.rows().get(hostname, {}).items(),
            what=f"{hostname} to be {wanted} in the API",
            timeout_s=SEEN_WITHIN_S,
        )


@pytest.fixture(scope="module")
def own_lab() -> Iterator[Lab]:
    """A Swarm that these tests may take apart."""
    with Lab.create(3) as lab:
        lab.make_swarm(managers=1)
        lab.load_image()
        yield lab


@pytest.fixture(scope="module")
def own_site(own_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A portal over that Swarm, which knows all of its nodes."""
    engines = ",".join(engine.url for engine in own_lab.engines)
    folder = tmp_path_factory.mktemp("actions")
    with started_portal(folder / "var", DCE_DOCKER_HOST=engines) as portal:
        site = seeded(portal)
        site.wait_healthy()
        wait_until(
            lambda: (
                len(
                    [
                        row
                        for row in site.api().list("nodes/")
                        if row["is_fresh"] and row["has_engine"]
                    ]
                )
                == len(own_lab.engines)
            ),
            what="three fresh nodes",
            timeout_s=SEEN_WITHIN_S,
        )
        yield site


@pytest.fixture
def stage(own_lab: Lab, own_site: Site, chromium_browser: Browser) -> Iterator[Stage]:
    """The administrator, signed in."""
    context = chromium_browser.new_context(viewport=VIEWPORT)
    visitor = Visitor(own_site, context.new_page())
    visitor.sign_in("admin")
    visitor.page.wait_for_url(re.compile(r"/admin/(\?.*)?$"))
    yield Stage(own_lab, own_site, visitor)
    context.close()


def test_tasks_are_moved_away_and_brought_back(stage: Stage) -> None:
    lab, page = stage.lab, stage.page
    with service(lab, "spread", replicas=3):
        wait_until(
            lambda: all(containers_on(lab, index) for index in (1, 2, 3)),
            what="a container on each engine",
            timeout_s=SEEN_WITHIN_S,
        )
        wait_for_tasks(stage, "eng3", 1)
        stage.open_action("eng3", "Drain")
        expect(page.get_by_text("spread: 1 task")).to_be_visible()
        expect(page.get_by_text("All of them fit on the other nodes")).to_be_visible()
        stage.confirm()
        assert availability(lab, "eng3") == "drain"
        wait_until(
            lambda: not containers_on(lab, 3), what="eng3 to be empty", timeout_s=SEEN_WITHIN_S
        )
        stage.act("eng3", "Activate")
        assert availability(lab, "eng3") == "active"
        wait_for_tasks(stage, "eng3", 0)
        row = by_name(stage.site.api().list("services/"), "name")["spread"]
        stage.visitor.open(f"/admin/workloads/service/{row['id']}/change/")
        page.get_by_role("link", name="Rebalance", exact=True).click()
        expect(page.get_by_text("eng3: 0 → 1")).to_be_visible()
        expect(page.get_by_text("Every task restarts")).to_be_visible()
        stage.confirm()
        wait_until(
            lambda: containers_on(lab, 3), what="a task on eng3 again", timeout_s=SEEN_WITHIN_S
        )


def wait_for_tasks(stage: Stage, hostname: str, count: int) -> None:
    """Wait until the portal knows of so many live tasks on a node."""
    api, node = stage.site.api(), stage.rows()[hostname]["id"]
    wait_until(
        lambda: (
            len(api.list("tasks/", node=node, state="running", desired_state="running")) == count
        ),
        what=f"{count} tasks of {hostname} in the API",
        timeout_s=SEEN_WITHIN_S,
    )


def test_nodes_are_paused_and_labelled_together(stage: Stage) -> None:
    page = stage.page
    stage.act("eng2", "Pause")
    assert availability(stage.lab, "eng2") == "pause"
    stage.act("eng2", "Activate")
    stage.visitor.open("/admin/nodes/node/")
    for hostname in ("eng2", "eng3"):
        page.locator(f'input.action-select[value="{stage.rows()[hostname]["id"]}"]').check()
    page.locator("select[name=action]").select_option("label")
    page.locator("button[name=index]").first.click()
    page.locator("textarea[name=labels]").fill("zone=b\ndisk=\x1b[31m")
    page.locator('form[data-page="action"] button[type=submit]').first.click()
    expect(page.get_by_text("without control characters")).to_be_visible()
    page.locator("textarea[name=labels]").fill("zone=b\ndisk=ssd")
    stage.confirm()
    assert {stage.spec(name)["Labels"]["disk"] for name in ("eng2", "eng3")} == {"ssd"}
    assert not stage.spec("eng1").get("Labels")


def test_roles_change_and_the_quorum_is_kept(stage: Stage) -> None:
    page = stage.page
    stage.open_action("eng1", "Demote")
    expect(page.locator('[data-field="blocked"]')).to_contain_text("last manager")
    expect(page.get_by_role("button", name="Demote eng1")).to_have_count(0)
    stage.open_action("eng2", "Promote")
    expect(page.get_by_text("2 is an even number of managers")).to_be_visible()
    stage.confirm()
    assert stage.spec("eng2")["Role"] == "manager"
    stage.wait_row("eng2", role="manager", reachability="reachable")
    stage.act("eng2", "Demote")
    assert stage.spec("eng2")["Role"] == "worker"
    assert "ManagerStatus" not in stage.lab.nodes()["eng2"]


def test_nodes_are_removed_gracefully_and_by_force(stage: Stage) -> None:
    lab, page = stage.lab, stage.page
    stage.open_action("eng3", "Remove")
    page.get_by_label("Type eng3 to confirm").fill("eng2")
    page.get_by_role("button", name="Remove eng3").click()
    expect(page.get_by_text("Nothing was started")).to_be_visible()
    page.get_by_label("Type eng3 to confirm").fill("eng3")
    stage.confirm()
    assert "eng3" not in lab.nodes()
    assert swarm_state(lab.engine(3)) == "inactive"
    assert "eng3" not in stage.members()
    lab.engine(2).kill()
    lab.wait_node("eng2", "down")
    stage.wait_row("eng2", state="down")
    stage.open_action("eng2", "Remove")
    expect(page.get_by_text("taken out of the Swarm without being asked")).to_be_visible()
    page.get_by_label("Type eng2 to confirm").fill("eng2")
    stage.confirm()
    assert set(lab.nodes()) == {"eng1"}
    assert stage.members() == {"eng1"}
    assert stage.visitor.complaints == []
