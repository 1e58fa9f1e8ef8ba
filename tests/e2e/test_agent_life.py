"""The life of nodes that joined by the line: cut off, without their leader, renewed, removed, revoked."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import ClientConnection

from tests.e2e.joining import LONG_S, Joining, joining_site
from tests.e2e.live_lines import Frames, subscribe, watching
from tests.e2e.site import finished_operation, send_task
from tests.e2e.test_pages import VIEWPORT, Visitor
from tests.lab.agent_image import AgentImage
from tests.lab.engine import Engine
from tests.lab.host import wait_until
from tests.lab.swarm import swarm_state

pytestmark = [pytest.mark.portal, pytest.mark.lab, pytest.mark.browser]

STALE_WITHIN_S = 15
CUT_S = 25
# Samples come every 5 s: a node that tells of two at once was merely busy.
LONGEST_GAP_S = 12
# A chart's moments are rounded down to this.
STEP_S = 2
# The agent samples each second while its page is open.
WATCHED_GAP_S = 4
USUAL_GAP_S = 4
NAMES = ("eng1", "eng2", "eng3")
WELL = {"role": "manager", "state": "ready", "reachability": "reachable"}
OLD_S = 80 * 86_400
AGENT_PORT = 12376
CPU_CHART = '.dce-chart[data-kind="node"][data-metric="cpu"]'
OPERATION = re.compile(r"/admin/portal/operation/([0-9a-f-]{36})/")


@pytest.fixture(scope="module")
def joined(agent_image: AgentImage) -> Iterator[Joining]:
    """Three managers, each of which has joined by the line."""
    with joining_site(3, agent_image) as joining:
        joining.joined(1, joining.line(role="manager"))
        # A node that left is seen down in ten seconds; a busy machine is not taken for a dead one.
        joining.lab.engine(1).shell("docker swarm update --dispatcher-heartbeat 3s")
        (cluster,) = joining.site.api().list("clusters/")
        line = joining.line(role="manager", cluster=cluster["id"], uses=2)
        with ThreadPoolExecutor() as both:
            list(both.map(lambda index: joining.joined(index, line), (2, 3)))
        wait_all_well(joining)
        yield joining


@pytest.fixture(scope="module")
def visitor(joined: Joining, chromium_browser: Browser) -> Iterator[Visitor]:
    """The administrator's window."""
    context = chromium_browser.new_context(viewport=VIEWPORT, timezone_id="UTC")
    visitor = Visitor(joined.site, context.new_page())
    visitor.sign_in("admin")
    visitor.page.wait_for_url(re.compile(r"/admin/(\?.*)?$"))
    yield visitor
    context.close()


def wait_all_well(joining: Joining) -> None:
    """Wait until all three are heard through their agents, reach each other, and one of them leads."""
    wait_until(
        lambda: (
            all(joining.is_watched(name, **WELL) for name in NAMES) and bool(leader_of(joining))
        ),
        what="three managers that are well",
        timeout_s=2 * LONG_S,
    )


def cluster_of(joining: Joining) -> dict[str, Any]:
    """The Swarm as the portal knows it."""
    (cluster,) = joining.site.api().list("clusters/", kind="swarm")
    return cluster


def leader_of(joining: Joining) -> str:
    """Who leads, while the Swarm's word is fresh; nobody else."""
    is_fresh = cluster_of(joining)["stale_since"] is None
    leaders = [name for name, node in joining.nodes().items() if node["is_leader"]]
    return leaders[0] if is_fresh and leaders else ""


def follower_of(joining: Joining) -> str:
    """A manager that does not lead."""
    wait_until(lambda: bool(leader_of(joining)), what="a leader", timeout_s=LONG_S)
    leader = leader_of(joining)
    managers = (name for name, node in joining.nodes().items() if node["role"] == "manager")
    return min(name for name in managers if name != leader)


def engine_of(joining: Joining, name: str) -> Engine:
    """The lab's engine behind a node."""
    return joining.lab.engine(NAMES.index(name) + 1)


def agent_url(joining: Joining, name: str) -> str:
    """Where a host's agent answers, as the portal names it."""
    return f"tcp://{engine_of(joining, name).address}:{AGENT_PORT}"


def open_node(visitor: Visitor, joining: Joining, name: str) -> None:
    """Go to a node's page."""
    assert visitor.open(f"/admin/nodes/node/{joining.nodes()[name]['id']}/change/") == 200


def test_what_a_node_did_while_it_was_cut_off_comes_after_it(
    joined: Joining, visitor: Visitor
) -> None:
    """Its page stays open over it all, and is not loaded again."""
    name, page = follower_of(joined), visitor.page
    open_node(visitor, joined, name)
    page.click(f"{CPU_CHART} [data-table]")
    wait_until(
        lambda: longest_gap_s(charted(page)[:4]) <= WATCHED_GAP_S,
        what="the agent to sample for the open page",
        timeout_s=LONG_S,
    )
    cut_at, healed_at = cut_off(joined, name)
    wait_all_well(joined)
    assert_no_gap(lambda: sampled(joined, name, since_s=cut_at - 10), cut_at, healed_at)
    assert_no_gap(lambda: charted(page), cut_at, healed_at)
    # An open page is somebody who watches; the next test's node may be the same.
    page.goto("about:blank")


def test_a_node_is_sampled_each_second_while_somebody_watches_it_and_not_after(
    joined: Joining,
) -> None:
    """On the line a frame each second, one a message; in the agent five seconds between samples again."""
    name = follower_of(joined)
    with watching(joined.site, "admin") as line:
        subscribe(line, f"node:{joined.nodes()[name]['id']}")
        frames = second_frames(line)
    assert longest_gap_s(frames) <= WATCHED_GAP_S
    wait_until(
        lambda: shortest_gap_s(sampled(joined, name, since_s=time.time() - 60)[:3]) >= USUAL_GAP_S,
        what="the agent to sample as usual again",
        timeout_s=LONG_S,
    )


def second_frames(line: ClientConnection) -> list[float]:
    """The moments of frames once they follow each other by seconds, newest first; a message holds few of them."""
    reader, moments = Frames(), list[float]()
    until_s = time.monotonic() + LONG_S
    while len(moments) < 10 or longest_gap_s(moments[:10]) > WATCHED_GAP_S:
        assert time.monotonic() < until_s, moments
        news = reader.of(line.recv(timeout=LONG_S))
        moments[:0] = [frame["data"]["at"] for frame in reversed(news)]
    return moments[:10]


def cut_off(joining: Joining, name: str) -> tuple[float, float]:
    """Take a manager off the network for a while, and look at what the portal says; when that was."""
    engine_of(joining, name).cut()
    cut_at = time.time()
    try:
        wait_until(
            lambda: not joining.nodes()[name]["is_fresh"],
            what=f"{name} to be stale",
            timeout_s=STALE_WITHIN_S,
        )
        assert joining.nodes()[name]["stale_reason"]
        assert all(joining.nodes()[other]["is_fresh"] for other in NAMES if other != name)
        wait_until(
            lambda: time.time() > cut_at + CUT_S and is_unreachable(joining, name),
            what=f"the other managers to miss {name}",
            timeout_s=LONG_S,
        )
    finally:
        engine_of(joining, name).heal()
    return cut_at, time.time()


def is_unreachable(joining: Joining, name: str) -> bool:
    """Whether the other managers say so."""
    return bool(joining.nodes()[name]["reachability"] == "unreachable")


def sampled(joining: Joining, name: str, *, since_s: float) -> list[float]:
    """The moments of a node's raw samples, newest first."""
    query = {"kind": "node", "ref": joining.nodes()[name]["id"], "measures": "cpu_cores"}
    since = datetime.fromtimestamp(since_s, tz=UTC).isoformat()
    answer = joining.site.api().get("samples/", **query, points=2000, **{"from": since})
    assert (answer["tier"], answer["step_s"], answer["told_by"]) == ("raw", 1, "agent")
    told = zip(answer["at"], answer["columns"]["cpu_cores"], strict=True)
    return sorted((at for at, value in told if value is not None), reverse=True)


def charted(page: Page) -> list[float]:
    """The moments in the chart's table, newest first."""
    figures = page.locator(f"{CPU_CHART} .dce-chart-table table").first
    cells = figures.locator("tbody tr td:first-child")
    texts = (" ".join(text.split()) for text in cells.all_inner_texts())
    form = "%m/%d/%y, %I:%M:%S %p"
    return [datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() for text in texts]


def longest_gap_s(moments: list[float]) -> float:
    """The longest time between two of at least two moments."""
    return max((newer - older for newer, older in pairwise(moments)), default=float("inf"))


def shortest_gap_s(moments: list[float]) -> float:
    """The shortest time between two of at least two moments."""
    return min((newer - older for newer, older in pairwise(moments)), default=0.0)


def assert_no_gap(moments: Any, cut_at: float, healed_at: float) -> None:
    """Wait until figures reach from before the cut to after it, without a hole."""
    seen: list[float] = []

    def is_whole() -> bool:
        seen[:] = moments()
        reaches = bool(seen) and seen[-1] <= cut_at and seen[0] >= healed_at
        return reaches and longest_gap_s(seen) <= LONGEST_GAP_S + STEP_S

    try:
        wait_until(is_whole, what="samples without a gap", timeout_s=LONG_S)
    except Exception as error:
        told = [round(moment - cut_at, 1) for moment in seen]
        raise AssertionError(f"{error} Seconds after the cut: {told}") from error


def test_the_portal_follows_when_the_leader_is_killed(joined: Joining, visitor: Visitor) -> None:
    lost = leader_of(joined)
    engine_of(joined, lost).kill()
    wait_until(
        lambda: (
            leader_of(joined) not in {"", lost}
            and cluster_of(joined)["source"] != agent_url(joined, lost)
            and is_unreachable(joined, lost)
        ),
        what="another manager to lead, and to be the one that the portal asks",
        timeout_s=LONG_S,
    )
    wait_until(
        lambda: "cannot be asked" in joined.nodes()[lost]["stale_reason"],
        what="the killed leader to be stale",
        timeout_s=LONG_S,
    )
    visitor.open(f"/admin/nodes/cluster/{cluster_of(joined)['id']}/change/")
    page = visitor.page
    expect(page.locator("[data-part=quorum]")).to_contain_text("2 of 3 managers reach each other")
    expect(page.get_by_text("leads the managers now").first).to_be_visible()
    engine_of(joined, lost).start()
    wait_all_well(joined)


def test_a_certificate_is_renewed_before_it_ends(joined: Joining) -> None:
    before = {name: serial_of(joined, name) for name in NAMES}
    make_old(joined, serial_hex=before["eng2"])
    send_task(joined.site, "apps.nodes.tasks.renew_certificates")
    wait_until(
        lambda: serial_of(joined, "eng2") != before["eng2"],
        what="another certificate on eng2",
        timeout_s=LONG_S,
    )
    renewed_at = time.time()
    assert [serial_of(joined, name) == before[name] for name in ("eng1", "eng3")] == [True, True]
    wait_until(
        lambda: max(sampled(joined, "eng2", since_s=renewed_at - 60), default=0) > renewed_at,
        what="a sample under the new certificate",
        timeout_s=LONG_S,
    )
    wait_all_well(joined)


def serial_of(joining: Joining, name: str) -> str:
    """The certificate that an agent bears, as it says to the controller."""
    folder = joining.site.portal.data / "secrets" / "authority"
    files = ("--cert", str(folder / "controller.pem"), "--key", str(folder / "controller.key"))
    url = agent_url(joining, name).replace("tcp:", "https:") + "/dce/v1/certificate"
    retry = ("--retry", "10", "--retry-all-errors", "--max-time", "60")
    told = subprocess.run(("curl", "-sSk", *retry, *files, url), capture_output=True, check=True)
    return str(json.loads(told.stdout)["serial_hex"])


def make_old(joining: Joining, *, serial_hex: str) -> None:
    """Let a certificate be 80 of its 90 days old, in the portal's eyes."""
    statement = (
        "UPDATE nodes_agentcertificate SET issued_at = datetime(issued_at, :older),"
        " expires_at = datetime(expires_at, :older) WHERE serial_hex = :serial"
    )
    names = {"older": f"-{OLD_S} seconds", "serial": serial_hex}
    path = joining.site.portal.data / "portal.sqlite3"
    with closing(sqlite3.connect(path, timeout=LONG_S)) as database, database:
        assert database.execute(statement, names).rowcount == 1


def test_a_live_manager_is_removed_from_its_page_and_joins_again(
    joined: Joining, visitor: Visitor
) -> None:
    """By the line with docker, while the old agent is there still."""
    name = follower_of(joined)
    ended = removed(joined, visitor, name)
    assert ended["state"] == "succeeded", ended
    assert "Its agent's certificates were revoked" in json.dumps(ended)
    assert swarm_state(engine_of(joined, name)) == "inactive"
    assert set(joined.nodes()) == set(NAMES) - {name}
    visitor.open("/admin/nodes/engineendpoint/")
    told = visitor.page.locator("#result_list").inner_text()
    assert [agent_url(joined, one) in told for one in NAMES] == [one != name for one in NAMES]
    made = joined.site.api().post("join-tokens/", {"cluster": cluster_of(joined)["id"]})
    line = made.json()["docker_line"].replace("127.0.0.1:", f"{joined.lab.gateway}:")
    done = engine_of(joined, name).shell(line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Joined. {name} is at https://{joined.lab.gateway}:" in done.stdout
    wait_until(
        lambda: joined.is_watched(name, role="worker", state="ready"),
        what=f"{name} to be a worker",
        timeout_s=LONG_S,
    )


def removed(joining: Joining, visitor: Visitor, name: str) -> dict[str, Any]:
    """Remove a manager from its page; the operation that did it."""
    page = visitor.page
    open_node(visitor, joining, name)
    page.click("[data-action=remove]")
    expect(page.get_by_text("First it is demoted to a worker.")).to_be_visible()
    page.fill("[name=typed_name]", name)
    page.get_by_role("button", name=f"Remove {name}").click()
    page.wait_for_url(OPERATION)
    operation = OPERATION.search(page.url)
    assert operation
    url = f"operations/{operation[1]}/"
    return finished_operation(joining.site.api(), url, timeout_s=2 * LONG_S)


def test_a_revoked_agent_is_refused(joined: Joining, visitor: Visitor) -> None:
    """The last test: the portal asks this host no more."""
    name, page = follower_of(joined), visitor.page
    visitor.open(f"/admin/nodes/agentcertificate/?q={serial_of(joined, name)}")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("button", name="Revoke every certificate of this agent").click()
    expect(page.get_by_text(re.compile(r"certificates? w(as|ere) revoked\."))).to_be_visible()
    wait_until(
        lambda: "its certificate was revoked" in str(joined.nodes()[name]["stale_reason"]),
        what=f"{name} to be refused",
        timeout_s=LONG_S,
    )
    wait_until(
        lambda: all(joined.is_watched(other) for other in NAMES if other != name),
        what="the others to be heard all the same",
        timeout_s=LONG_S,
    )
