"""What the tests of outages stand on: a portal with stand-in agents, and what must be there once it is over."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.e2e.site import Site, plain_session, seeded
from tests.lab.host import wait_until
from tests.plugins.portal import started_portal
from tests.standins.agents import standin_agents

AGENTS, CONTAINERS = 5, 10
# Longer than any call waits; DCE_TEST_OUTAGE_S=300 tries a longer one, and agents keep fifteen minutes.
AWAY_S = float(os.environ.get("DCE_TEST_OUTAGE_S", "30"))
STEP_S = 5
BACK_WITHIN_S = 150
# A process that kept what it cannot store would grow by far more.
# Workers also load modules when they first need them: one run showed 49 MiB in all.
GROWTH_MIB = 80
PROCESSES = ("web", "stream", "worker", "poll", "beat", "redis", "nginx")


@contextmanager
def watched_site(**settings: str) -> Iterator[Site]:
    """A portal that has polled stand-in agents for a moment."""
    folder = Path(tempfile.mkdtemp(prefix="dce-outage-"))
    nowhere = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock", **settings}
    counts = {"count": AGENTS, "containers": CONTAINERS}
    try:
        with (
            started_portal(folder / "var", **nowhere) as portal,
            standin_agents(portal, folder / "agents", **counts, **settings),
        ):
            site = seeded(portal, **settings)
            site.wait_healthy()
            wait_until(
                lambda: len(moments_of_nodes(site)) == AGENTS,
                what="samples of every node",
                timeout_s=BACK_WITHIN_S,
            )
            yield site
    finally:
        shutil.rmtree(folder)


def moments_of_nodes(site: Site) -> dict[str, list[int]]:
    """The seconds of each node's raw samples."""
    return {
        node["hostname"]: moments
        for node in site.api().list("nodes/")
        if (moments := moments_of(site, "node", node["id"]))
    }


def moments_of(site: Site, kind: str, ref: int) -> list[int]:
    answer = site.api().get("samples/", kind=kind, ref=ref, measures="memory_bytes", points=2000)
    assert answer["tier"] == "raw"
    return list(answer["at"])


def ready(site: Site) -> dict[str, Any]:
    """What /readyz says, whatever its status."""
    with plain_session() as session:
        answer = session.get(f"{site.base_url}/readyz", timeout=60)
    body = answer.json()
    return {"status": answer.status_code, **body["dependencies"]}


def page(site: Site, path: str, session_key: str) -> requests.Response:
    """A page as a signed-in person sees it."""
    with plain_session() as session:
        session.cookies.set("dce_session", session_key)
        return session.get(f"{site.base_url}{path}", timeout=60, allow_redirects=False)


def memory_mib(site: Site) -> dict[str, float]:
    """The resident memory of each process, those that it started included."""
    found = {}
    for name, pid in site.process_ids().items():
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        found[name] = sum(one.memory_info().rss for one in family) / 2**20
    return found


def wait_all_back(site: Site, *, began: float, ended: float) -> dict[str, list[int]]:
    """Every node's moments once each reaches from before the outage to after it."""

    def is_back() -> bool:
        found = moments_of_nodes(site)
        return len(found) == AGENTS and all(
            moments[0] < began and moments[-1] > ended for moments in found.values()
        )

    wait_until(is_back, what="the samples of the outage", timeout_s=BACK_WITHIN_S)
    return moments_of_nodes(site)


def assert_nothing_is_missing(site: Site, *, began: float, ended: float) -> None:
    """No node and no container has a gap, and the minutes were summed up with what came late."""
    for hostname, moments in wait_all_back(site, began=began, ended=ended).items():
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert max(gaps) <= STEP_S + 1, (hostname, moments)
    containers = site.api().list("containers/")
    assert len(containers) == AGENTS * CONTAINERS
    for container in containers[:: CONTAINERS // 2]:
        moments = moments_of(site, "container", container["id"])
        assert max(later - earlier for earlier, later in pairwise(moments)) <= STEP_S + 1


def assert_memory_stayed(site: Site, before: dict[str, float]) -> None:
    after = memory_mib(site)
    grown = {name: round(after[name] - before[name], 1) for name in PROCESSES}
    assert max(grown.values()) < GROWTH_MIB, grown


def assert_all_came_back(site: Site, *, began: float, before: dict[str, float]) -> None:
    """The outage is over just now: no sample is missing, every part answers, none has grown."""
    assert_nothing_is_missing(site, began=began, ended=time.time())
    site.wait_healthy()
    assert_memory_stayed(site, before)


def stay_away(began: float) -> None:
    """Until the outage has lasted long enough."""
    time.sleep(max(began + AWAY_S - time.time(), 0.0))
