"""The agent beside a real engine: it sees what runs, what ran shortly, and an engine that hangs."""

import pytest

from tests.lab.agent import running_agent
from tests.lab.host import wait_until
from tests.lab.images import BUSYBOX_IMAGE

pytestmark = pytest.mark.lab

BUSY = "while true; do i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; done"
MEMORY = "dd if=/dev/zero of=/dev/shm/x bs=1024 count=8192 2>/dev/null"
LOADED = {"Memory": 64 << 20, "CpuQuota": 20_000, "CpuPeriod": 100_000}


def start(engine, command, *, name="", **host):
    body = {"Image": BUSYBOX_IMAGE, "Cmd": ["sh", "-c", command], "HostConfig": host}
    query = {"name": name} if name else {}
    container = engine.api.post("/containers/create", body, **query)["Id"]
    engine.api.post(f"/containers/{container}/start")
    return container


def latest(agent, container):
    """The newest row of a container, by column; nothing while it has none."""
    table = agent.samples()["tables"]["containers"]
    if container not in table["keys"]:
        return {}
    number = table["keys"].index(container)
    row = max(i for i, key in enumerate(table["key"]) if key == number)
    return {name: values[row] for name, values in table["columns"].items()}


@pytest.fixture
def engine(lone_engine):
    yield lone_engine
    lone_engine.thaw()
    for container in lone_engine.api.get("/containers/json", all=1):
        lone_engine.api.delete(f"/containers/{container['Id']}", force=1)


@pytest.fixture
def agent(engine):
    with running_agent(engine) as agent:
        yield agent


def events(agent, container):
    return {
        change["action"]: change
        for change in agent.samples()["changes"]
        if change["kind"] == "event" and change["id"] == container
    }


def test_it_sees_the_host_and_the_engine(agent, engine):
    wait_until(lambda: agent.samples()["lists"]["images"], what="the list of images", timeout_s=60)
    answer = agent.samples()
    assert answer["engine"]["answers"]
    assert answer["node"]["hostname"] == engine.hostname
    assert answer["tables"]["interfaces"]["keys"]
    assert [BUSYBOX_IMAGE] in [image["RepoTags"] for image in answer["lists"]["images"]]


def test_its_figures_are_the_engines_own(agent, engine):
    container = start(engine, f"{MEMORY}; {BUSY}", **LOADED)
    wait_until(
        lambda: (latest(agent, container).get("memory_bytes") or 0) > 4 << 20,
        what="a sample with the memory that it takes",
        timeout_s=60,
    )
    cursor = agent.samples()["cursor"]
    first = engine.api.get(f"/containers/{container}/stats", stream=0)
    wait_until(
        lambda: len(agent.samples(cursor)["ticks"]["at_unix_ms"]) >= 2,
        what="a whole interval",
        timeout_s=60,
    )
    last = engine.api.get(f"/containers/{container}/stats", stream=0)
    row = latest(agent, container)
    assert row["cpu_cores"] == pytest.approx(cores_between(first, last), rel=0.25, abs=0.02)
    assert row["memory_bytes"] == pytest.approx(memory_of(last), rel=0.15, abs=1 << 20)
    assert row["memory_limit_bytes"] == last["memory_stats"]["limit"]
    assert row["cpu_limit_cores"] == 0.2
    assert row["cpu_throttled_periods_per_s"] > 1
    assert row["pids"] == last["pids_stats"]["current"]


def cores_between(first, last):
    used = (stats["cpu_stats"]["cpu_usage"]["total_usage"] for stats in (last, first))
    system = (stats["cpu_stats"]["system_cpu_usage"] for stats in (last, first))
    (used_to, used_from), (system_to, system_from) = used, system
    return (used_to - used_from) / (system_to - system_from) * last["cpu_stats"]["online_cpus"]


def memory_of(stats):
    detail = stats["memory_stats"]["stats"]
    return stats["memory_stats"]["usage"] - detail.get(
        "total_inactive_file", detail.get("inactive_file", 0)
    )


def test_a_container_that_ends_between_two_samples_is_seen(agent, engine):
    wait_until(lambda: agent.health()["engine"]["answers"], what="the engine", timeout_s=60)
    container = start(engine, "exit 3", name="short")
    wait_until(lambda: "die" in events(agent, container), what="its end", timeout_s=60)
    assert events(agent, container)["die"]["attributes"]["exitCode"] == "3"
    assert events(agent, container)["start"]["attributes"]["name"] == "short"


def test_what_a_container_used_in_all_is_told_at_its_end(agent, engine):
    container = start(engine, "sleep 60")
    wait_until(lambda: latest(agent, container), what="a sample", timeout_s=60)
    engine.api.post(f"/containers/{container}/kill")
    wait_until(lambda: "die" in events(agent, container), what="its end", timeout_s=60)
    assert events(agent, container)["die"]["used"]["cpu_s"] > 0


def test_on_the_hosts_network_a_container_has_no_bytes_of_its_own(agent, engine):
    own, shared = start(engine, "sleep 60"), start(engine, "sleep 60", NetworkMode="host")
    wait_until(
        lambda: latest(agent, own).get("rx_bytes_per_s") is not None and latest(agent, shared),
        what="samples of both",
        timeout_s=60,
    )
    row = latest(agent, shared)
    assert row["rx_bytes_per_s"] is None
    assert row["memory_bytes"] > 0


def test_a_frozen_engine_stops_no_sample(agent, engine):
    container = start(engine, BUSY, **LOADED)
    wait_until(lambda: latest(agent, container), what="a sample", timeout_s=60)
    engine.freeze()
    wait_until(
        lambda: not agent.health()["engine"]["answers"], what="word of the freeze", timeout_s=60
    )
    cursor = agent.samples(watch=True)["cursor"]
    wait_until(
        lambda: len(agent.samples(cursor, watch=True)["ticks"]["at_unix_ms"]) >= 3,
        what="three more samples",
        timeout_s=60,
    )
    table = agent.samples(cursor)["tables"]["containers"]
    assert table["keys"] == [container]
    assert all(cores > 0 for cores in table["columns"]["cpu_cores"])
    engine.thaw()
    wait_until(lambda: agent.health()["engine"]["answers"], what="the thaw", timeout_s=60)


def test_it_ends_in_order(engine):
    with running_agent(engine) as agent:
        assert agent.health()["healthy"]
    assert not (engine.folder / "agent.sock").exists()
