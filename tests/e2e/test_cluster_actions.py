"""What is done to a whole Swarm and to an engine, on the pages in a browser, seen on a real Swarm of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.site import Site, by_name, finished_operation, seeded
from tests.e2e.test_pages import VIEWPORT, Visitor
from tests.lab.host import wait_until
from tests.lab.swarm import Lab, swarm_state
from tests.plugins.portal import started_portal

pytestmark = [pytest.mark.browser, pytest.mark.portal, pytest.mark.lab]

SHOWN_WITHIN_S = 60
OPERATION_WITHIN_S = 90
# The managers that are left give the leader up after some 16 s; then come a poll's own pauses.
NO_LEADER_WITHIN_S = 120
OPERATION = re.compile(r"/admin/portal/operation/([0-9a-f-]{36})/")


@dataclass(frozen=True)
class Desk:
    """An administrator before the pages of one cluster, and the Swarm behind them."""

    site: Site
    lab: Lab
    visitor: Visitor

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.visitor.page

    def cluster(self) -> dict[str, object]:
        """The cluster as the API tells it."""
        (row,) = self.site.api().list("clusters/", kind="swarm")
        return row

    def node(self, hostname: str) -> dict[str, object]:
        """A node as the API tells it."""
        return by_name(self.site.api().list("nodes/"), "hostname")[hostname]

    def on_cluster(self, action: str, **form: object) -> dict[str, object]:
        """Do something to the cluster by its page's button."""
        return self._do(f"/admin/nodes/cluster/{self.cluster()['id']}/change/", action, form)

    def on_node(self, hostname: str, action: str, **form: object) -> dict[str, object]:
        """Do something to a node by its page's button."""
        return self._do(f"/admin/nodes/node/{self.node(hostname)['id']}/change/", action, form)

    def _do(self, path: str, action: str, form: dict[str, object]) -> dict[str, object]:
        assert self.visitor.open(path) == 200
        self.page.click(f"[data-action={action}]")
        for name, value in form.items():
            if isinstance(value, bool):
                self.page.set_checked(f"[name={name}]", value)
            else:
                self.page.fill(f"[name={name}]", str(value))
        self.page.click("[data-page=action] button[type=submit]:not([name])")
        self.page.wait_for_url(OPERATION)
        found = OPERATION.search(self.page.url)
        assert found
        url = f"operations/{found[1]}/"
        return finished_operation(self.site.api(), url, timeout_s=OPERATION_WITHIN_S)

    def secret(self, which: str) -> str:
        """What the page of the secrets shows when asked for one."""
        self.visitor.open(f"/admin/nodes/cluster/{self.cluster()['id']}/secrets/")
        expect(self.page.locator("[data-secret]")).to_have_count(0)
        self.page.click(f"button[name=show][value={which}]")
        return self.page.locator(f"[data-secret={which}]").inner_text()


@pytest.fixture(scope="module")
def own_swarm() -> Iterator[Lab]:
    """Three managers that these tests may lock, restart and kill."""
    with Lab.create(3) as lab:
        lab.make_swarm()
        lab.load_image()
        yield lab


@pytest.fixture(scope="module")
def own_site(own_swarm: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A portal over them."""
    folder: Path = tmp_path_factory.mktemp("acts")
    urls = ",".join(engine.url for engine in own_swarm.engines)
    with started_portal(folder / "var", DCE_DOCKER_HOST=urls) as portal:
        site = seeded(portal)
        site.wait_healthy()
        wait_until(
            lambda: sum(node["has_engine"] for node in site.api().list("nodes/")) == 3,
            what="three nodes with their engines",
            timeout_s=SHOWN_WITHIN_S,
        )
        yield site


@pytest.fixture(scope="module")
def desk(own_site: Site, own_swarm: Lab, chromium_browser: Browser) -> Iterator[Desk]:
    context = chromium_browser.new_context(viewport=VIEWPORT)
    visitor = Visitor(own_site, context.new_page())
    visitor.sign_in("admin")
    visitor.page.wait_for_url(re.compile(r"/admin/(\?.*)?$"))
    yield Desk(own_site, own_swarm, visitor)
    context.close()


def test_tokens_and_authority_are_rotated_and_shown(desk: Desk) -> None:
    manager = desk.lab.engine(1).api
    before = manager.get("/swarm")
    assert desk.on_cluster("rotate-tokens", manager=False)["state"] == "succeeded"
    tokens = manager.get("/swarm")["JoinTokens"]
    assert tokens["Worker"] != before["JoinTokens"]["Worker"]
    assert tokens["Manager"] == before["JoinTokens"]["Manager"]
    assert tokens["Worker"] in desk.secret("tokens")

    assert desk.on_cluster("rotate-ca")["state"] == "succeeded"
    after = manager.get("/swarm")
    assert after["TLSInfo"]["TrustRoot"] != before["TLSInfo"]["TrustRoot"]
    assert after["JoinTokens"]["Worker"] in desk.secret("tokens")
    desk.visitor.open(f"/admin/nodes/cluster/{desk.cluster()['id']}/change/")
    quorum = desk.page.locator("[data-part=quorum]")
    expect(quorum).to_contain_text("3 of 3 managers reach each other; 2 are needed.")
    desk.visitor.open("/admin/accounts/auditevent/?q=cluster.show_tokens")
    assert desk.page.get_by_text("looked at a Swarm's join tokens").count() >= 2


def test_a_manager_that_restarts_with_autolock_is_unlocked_on_its_page(desk: Desk) -> None:
    assert desk.on_cluster("autolock-on")["state"] == "succeeded"
    first = desk.lab.engine(1).api.get("/swarm/unlockkey")["UnlockKey"]
    assert first in desk.secret("unlock-key")
    assert desk.on_cluster("rotate-unlock-key")["state"] == "succeeded"
    key = desk.lab.engine(1).api.get("/swarm/unlockkey")["UnlockKey"]
    assert key != first
    third = desk.lab.engine(3)
    # An orderly end, after which the engine's keys are encrypted with the new key for sure.
    third.stop()
    third.start()
    wait_until(
        lambda: swarm_state(third) == "locked",
        what="the engine to be locked",
        timeout_s=SHOWN_WITHIN_S,
    )
    wait_until(
        lambda: "locked" in str(desk.node("eng3")["stale_reason"]),
        what="the portal to see the lock",
        timeout_s=SHOWN_WITHIN_S,
    )
    wrong = desk.on_node("eng3", "unlock", key="SWMKEY-1-" + "A" * 43)
    assert wrong["state"] == "failed"
    assert swarm_state(third) == "locked"
    right = desk.on_node("eng3", "unlock", key=key)
    assert right["state"] == "succeeded", right
    assert key not in str(right)
    wait_until(
        lambda: swarm_state(third) == "active", what="a manager again", timeout_s=SHOWN_WITHIN_S
    )
    assert desk.on_cluster("autolock-off")["state"] == "succeeded"


def test_a_disk_is_measured_and_pruned(desk: Desk) -> None:
    engine = desk.lab.engine(1)
    engine.api.post("/containers/create", {"Image": "lab/busybox:1"})
    engine.api.post("/volumes/create", {"Name": "kept"})
    desk.visitor.open(f"/admin/nodes/node/{desk.node('eng1')['id']}/do/prune/")
    blocked = desk.page.locator("[data-field=blocked]")
    expect(blocked).to_contain_text("Measure the disk first")
    assert desk.on_node("eng1", "measure-disk")["result"]["images_bytes"] > 0
    desk.visitor.open(f"/admin/nodes/node/{desk.node('eng1')['id']}/change/")
    expect(desk.page.locator("[data-part=disk]")).to_contain_text("Build cache")
    pruned = desk.on_node("eng1", "prune", stopped_containers=True, unused_images=True)
    assert pruned["state"] == "succeeded", pruned
    assert pruned["result"]["containers"] == 1
    assert pruned["result"]["freed_bytes"] > 0
    assert engine.api.get("/images/json") == []
    assert [row["Name"] for row in engine.api.get("/volumes")["Volumes"]] == ["kept"]


def test_a_lost_majority_is_said_in_words_and_a_dead_swarm_forgotten(desk: Desk) -> None:
    """The last test: it leaves nothing of the Swarm."""
    desk.lab.engine(2).kill()
    desk.lab.engine(3).kill()
    wait_until(
        lambda: desk.cluster()["condition"] == "no_leader",
        what="the lost majority to be seen",
        timeout_s=NO_LEADER_WITHIN_S,
    )
    desk.visitor.open(f"/admin/nodes/cluster/{desk.cluster()['id']}/change/")
    told = desk.page.locator("[data-part=condition]")
    expect(told).to_contain_text("has lost its majority of managers")
    expect(told).to_contain_text("docker swarm init --force-new-cluster")
    desk.lab.engine(1).kill()
    forgotten = desk.on_cluster("forget", typed_name=desk.cluster()["name"])
    assert forgotten["state"] == "succeeded", forgotten
    assert desk.site.api().list("clusters/") == []
