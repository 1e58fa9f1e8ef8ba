"""A real Swarm through the portal's API: what is there, what it uses, what an operator does, what breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.lab_services import availability, containers_on, service, set_availability
from tests.e2e.live_lines import Frames, subscribe, watching
from tests.e2e.site import by_name, finished_operation, seeded
from tests.lab.engine import EngineOptions
from tests.lab.host import wait_until
from tests.plugins.portal import started_portal

pytestmark = [pytest.mark.lab, pytest.mark.portal]

SHOWN_WITHIN_S = 60
STALE_WITHIN_S = 15
HEALED_WITHIN_S = 60


def nodes(site):
    """The nodes by host name."""
    return by_name(site.api().list("nodes/"), "hostname")


@pytest.fixture(scope="module")
def burning(site, swarm_lab):
    """A service with a task on each node, shown by the portal."""
    swarm_lab.wait_ready()
    with service(swarm_lab, "burn", replicas=3):
        wait_until(
            lambda: len(running_containers(site, "burn")) == 3,
            what="three containers of the service in the API",
            timeout_s=SHOWN_WITHIN_S,
        )
        yield by_name(site.api().list("services/"), "name")["burn"]


def running_containers(site, name):
    """The running containers of a service, as the API tells them."""
    found = by_name(site.api().list("services/"), "name").get(name)
    if found is None:
        return []
    rows = site.api().list("containers/", service=found["id"])
    return [row for row in rows if row["state"] == "running"]


def test_three_nodes_appear(site):
    """A node is told of by its engine and by the managers; either may come first."""

    def are_told_of():
        found = nodes(site).values()
        heard = [node["has_engine"] and node["is_fresh"] for node in found]
        return heard == [True] * 3 and any(node["is_leader"] for node in found)

    wait_until(are_told_of, what="three nodes and their leader", timeout_s=SHOWN_WITHIN_S)
    found = nodes(site)
    assert sorted(found) == ["eng1", "eng2", "eng3"]
    assert {node["state"] for node in found.values()} == {"ready"}
    assert sum(node["is_leader"] for node in found.values()) == 1


def test_a_replicated_service_appears_with_tasks_and_containers(site, burning):
    running = [
        task
        for task in site.api().list("tasks/", service=burning["id"])
        if task["state"] == "running"
    ]
    assert (burning["mode"], burning["desired_tasks"]) == ("replicated", 3)
    assert len({task["node"] for task in running}) == 3
    containers = running_containers(site, "burn")
    told = {task["container_native_id"] for task in running}
    assert {container["native_id"] for container in containers} == told


def test_usage_samples_of_a_container_arrive(site, burning):
    container = running_containers(site, "burn")[0]

    def cpu():
        query = {"kind": "container", "ref": container["id"], "measures": "cpu_cores"}
        return [
            value for value in site.api().get("samples/", **query)["columns"]["cpu_cores"] if value
        ]

    wait_until(lambda: len(cpu()) >= 2, what="two CPU samples", timeout_s=SHOWN_WITHIN_S)
    assert 0 < max(cpu()) < 2


def test_live_frames_move(site, burning):
    cluster = burning["cluster"]
    with watching(site, "bob") as line:
        subscribe(line, f"cluster:{cluster}")
        frames = usage_frames(line, most=3)
    assert [later["seq"] - frames[0]["seq"] for later in frames] == [0, 1, 2]
    assert all(frame["data"]["values"]["cpu_cores"] >= 0 for frame in frames)


def test_mallory_gets_no_frames_and_no_samples(site, burning):
    topic = f"cluster:{burning['cluster']}"
    with watching(site, "mallory") as line:
        subscribe(line, topic)
        answers = [json.loads(line.recv(timeout=30)) for _ in range(2)]
    assert {"type": "refused", "topic": topic} in answers
    answer = site.api("mallory").request(
        "GET", "samples/", params={"kind": "cluster", "ref": burning["cluster"]}
    )
    assert answer.status_code in {403, 404} or not answer.json()["at"]


def usage_frames(line, *, most):
    """The next frames that carry usage, after the one that was there already; CPU takes two readings of a container."""
    frames, reader = [], Frames()
    while len(frames) <= most:
        news = reader.of(line.recv(timeout=30))
        usage = (frame for frame in news if frame["data"].get("type") == "usage")
        frames += [frame for frame in usage if "cpu_cores" in frame["data"]["values"]]
    return frames[1 : most + 1]


def test_a_node_is_drained_and_its_tasks_move(site, burning, swarm_lab):
    alice, third = site.api("alice"), nodes(site)["eng3"]
    try:
        answer = alice.post(f"nodes/{third['id']}/drain/")
        assert answer.status_code == 202, answer.text
        operation = finished_operation(alice, answer.headers["Location"])
        assert operation["state"] == "succeeded", operation
        assert availability(swarm_lab, "eng3") == "drain"
        wait_until(
            lambda: (
                nodes(site)["eng3"]["availability"] == "drain"
                and len(running_containers(site, "burn")) == 3
                and third["id"] not in {row["node"] for row in running_containers(site, "burn")}
            ),
            what="the tasks to move away, in the API",
            timeout_s=SHOWN_WITHIN_S,
        )
        assert not containers_on(swarm_lab, 3)
    finally:
        set_availability(swarm_lab, "eng3", "active")


@pytest.mark.parametrize("person", ["bob", "mallory"])
def test_who_may_not_operate_changes_nothing(site, swarm_lab, person):
    answer = site.api(person).post(f"nodes/{nodes(site)['eng3']['id']}/drain/")
    assert answer.status_code in {403, 404}
    assert availability(swarm_lab, "eng3") == "active"


def test_a_change_behind_the_portals_back_does_not_stop_an_operation(site, swarm_lab):
    """The Swarm counts versions up; a drain against an old one is asked again where that is safe."""
    alice, second = site.api("alice"), nodes(site)["eng2"]
    set_availability(swarm_lab, "eng2", "pause")
    try:
        answer = alice.post(f"nodes/{second['id']}/activate/")
        operation = finished_operation(alice, answer.headers["Location"])
        assert operation["state"] == "succeeded", operation
        assert availability(swarm_lab, "eng2") == "active"
    finally:
        set_availability(swarm_lab, "eng2", "active")


def test_a_killed_engine_is_stale_in_seconds_and_healed_after_its_return(site, mended_swarm):
    wait_until(
        lambda: all(node["is_fresh"] for node in nodes(site).values()),
        what="all nodes to be fresh",
        timeout_s=HEALED_WITHIN_S,
    )
    mended_swarm.engine(3).kill()
    wait_until(
        lambda: not nodes(site)["eng3"]["is_fresh"],
        what="the killed engine to be stale",
        timeout_s=STALE_WITHIN_S,
    )
    assert nodes(site)["eng3"]["stale_reason"]
    # On a busy machine another one's answer may be late as well, but it goes on to be asked.
    wait_until(
        lambda: (
            [nodes(site)[name]["is_fresh"] for name in ("eng1", "eng2", "eng3")]
            == [True, True, False]
        ),
        what="the others to be fresh",
        timeout_s=STALE_WITHIN_S,
    )
    mended_swarm.engine(3).start()
    wait_until(
        lambda: all(node["is_fresh"] and node["state"] == "ready" for node in nodes(site).values()),
        what="the engine to be healthy again",
        timeout_s=HEALED_WITHIN_S,
    )


def test_nodes_are_read_over_tls(lab_factory, tmp_path_factory):
    """A Swarm of one behind mutual TLS; a second manager's address that nobody answers."""
    lab = lab_factory(1, options=EngineOptions(tls=True))
    lab.make_swarm()
    engine = lab.engine(1)
    files = engine.client_files()
    settings = {
        "DCE_DOCKER_HOST": engine.tls_url,
        "DCE_DOCKER_TLS_CA": str(files.ca),
        "DCE_DOCKER_TLS_CERT": str(files.certificate),
        "DCE_DOCKER_TLS_KEY": str(files.key),
    }
    folder: Path = tmp_path_factory.mktemp("tls")
    with started_portal(folder / "var", **settings) as portal:
        site = seeded(portal)
        wait_until(
            lambda: nodes(site).get("eng1", {}).get("source") == engine.tls_url,
            what="the node, read over TLS",
            timeout_s=SHOWN_WITHIN_S,
        )
        assert nodes(site)["eng1"]["is_fresh"]
