"""What engines say, in all shapes that they say it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.nodes.adapters.engine.engine_json import containers_of, identity_of, images_of
from apps.nodes.adapters.engine.http import choose_version
from apps.nodes.adapters.json_facts import LARGEST_WHOLE, NEVER, Facts
from apps.nodes.adapters.swarm.swarm_json import node_of, nodes_of, services_of, tasks_of
from dce_portal.errors import Unavailable

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def info(**swarm: Any) -> dict[str, Any]:
    return {
        "ID": "E1",
        "Name": "host",
        "NCPU": 4,
        "MemTotal": 8,
        "ServerVersion": "26.1.0",
        "Labels": ["zone=a", "plain", "pair=x=y"],
        "Swarm": swarm,
    }


def refusal(parse: Any, raw: object) -> str | None:
    """The sentence with which it was refused; any other error is the test's."""
    try:
        parse(raw)
    except Unavailable as error:
        return error.message
    return None


def test_a_single_engine() -> None:
    found = identity_of(info(LocalNodeState="inactive", NodeID=""), api_version="1.45")
    assert found.swarm is None
    assert (found.engine_id, found.cpu_count, found.api_version) == ("E1", 4.0, "1.45")
    assert found.labels == {"zone": "a", "plain": "", "pair": "x=y"}


def test_a_manager_and_a_worker() -> None:
    swarm = {"LocalNodeState": "active", "NodeID": "n1", "NodeAddr": "10.0.0.1"}
    remote = {"RemoteManagers": [{"NodeID": "n1", "Addr": "10.0.0.1:2377"}]}
    manager = identity_of(
        info(**swarm, **remote, ControlAvailable=True, Cluster={"ID": "c1"}), api_version="1.45"
    ).swarm
    worker = identity_of(info(**swarm, ControlAvailable=False, Cluster=None), api_version="").swarm
    assert manager is not None
    assert worker is not None
    assert (manager.is_manager, manager.cluster_id) == (True, "c1")
    assert manager.manager_addresses == ("10.0.0.1:2377",)
    assert (worker.is_manager, worker.cluster_id) == (False, "")


@pytest.mark.parametrize(
    ("state", "words"), [("locked", "unlock"), ("pending", "joining"), ("error", "trouble")]
)
def test_an_engine_between_states_is_no_single_engine(state: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        identity_of(info(LocalNodeState=state, NodeID=""), api_version="1.45")


def test_a_container() -> None:
    labels = {
        "com.docker.swarm.service.id": "s1",
        "com.docker.swarm.task.id": "t1",
        "com.docker.stack.namespace": "shop",
    }
    raw = {
        "Id": "c1",
        "Names": ["/web"],
        "Image": "nginx",
        "State": "running",
        "Status": "Up 2 minutes (unhealthy)",
        "Created": 1767323045,
        "Labels": labels,
        "Ports": [
            {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"PrivatePort": 53, "Type": "udp"},
        ],
        "NetworkSettings": {"Networks": {"b": {}, "a": {}}},
    }
    (found,) = containers_of([raw])
    assert (found.name, found.health, found.stack) == ("web", "unhealthy", "shop")
    assert (found.service_id, found.task_id) == ("s1", "t1")
    assert found.ports == ("0.0.0.0:8080->80/tcp", "53/udp", "[::]:8080->80/tcp")
    assert found.networks == ("a", "b")
    assert found.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_what_is_null_or_missing_has_a_plain_value() -> None:
    raw = {"Id": "c1", "Names": None, "Labels": None, "Ports": None, "NetworkSettings": None}
    (found,) = containers_of([raw])
    assert (found.name, found.labels, found.ports, found.created_at) == ("c1", {}, (), NEVER)
    (image,) = images_of([{"Id": "i", "RepoTags": None, "RepoDigests": ["<none>@<none>"]}])
    assert (image.tags, image.digests) == ((), ())


def test_a_node() -> None:
    raw = {
        "ID": "n1",
        "Version": {"Index": 12},
        "Spec": {"Role": "manager", "Availability": "drain", "Labels": {"zone": "a"}},
        "Description": {
            "Hostname": "host",
            "Platform": {"OS": "linux", "Architecture": "x86_64"},
            "Resources": {"NanoCPUs": 2_500_000_000, "MemoryBytes": 8},
            "Engine": {"EngineVersion": "26.1.0", "Labels": {"lab": "1"}},
        },
        "Status": {"State": "ready", "Addr": "10.0.0.1"},
        "ManagerStatus": {"Leader": True, "Reachability": "reachable"},
    }
    found = node_of(raw)
    assert (found.role, found.availability, found.state) == ("manager", "drain", "ready")
    assert (found.cpu_count, found.is_leader, found.version_index) == (2.5, True, 12)
    assert (found.labels, found.engine_labels) == ({"zone": "a"}, {"lab": "1"})


def test_a_service_takes_the_managers_count_else_the_replicas() -> None:
    spec = {"Name": "web", "Mode": {"Replicated": {"Replicas": 3}}}
    counted = {"ID": "s1", "Spec": spec, "ServiceStatus": {"DesiredTasks": 5}}
    plain = {"ID": "s2", "Spec": spec}
    glob = {"ID": "s3", "Spec": {"Name": "agent", "Mode": {"Global": {}}}}
    found = services_of([counted, plain, glob])
    assert [(one.mode, one.desired_tasks) for one in found] == [
        ("replicated", 5),
        ("replicated", 3),
        ("global", 0),
    ]


def test_a_task() -> None:
    raw = {
        "ID": "t1",
        "Status": {"State": "failed", "Err": "exit (1)", "ContainerStatus": {"ExitCode": 1}},
        "UpdatedAt": "2026-01-02T03:04:05.5+08:00",
    }
    (found,) = tasks_of([raw])
    assert (found.state, found.error, found.exit_code) == ("failed", "exit (1)", 1)
    assert found.updated_at == datetime(2026, 1, 1, 19, 4, 5, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    "parse", [containers_of, images_of, nodes_of, services_of, tasks_of, node_of]
)
@settings(max_examples=40)
@given(raw=ANY_JSON)
def test_garbage_is_read_or_refused_with_a_sentence(parse: Any, raw: object) -> None:
    assert refusal(parse, raw) is None or "cannot be read" in str(refusal(parse, raw))


@given(
    raw=st.dictionaries(st.sampled_from(["Labels", "Names", "Ports", "Created", "State"]), ANY_JSON)
)
def test_garbage_inside_a_container_is_no_error(raw: dict[str, Any]) -> None:
    (found,) = containers_of([{**raw, "Id": "c1"}])
    assert found.native_id == "c1"


def test_texts_and_numbers_fit_their_columns() -> None:
    facts = Facts({"text": "a\0b" + "x" * 300, "big": 2**70, "nan": float("nan"), "minus": -3})
    assert facts.text("text") == "ab" + "x" * 248
    assert (facts.whole("big"), facts.whole("nan"), facts.whole("minus")) == (LARGEST_WHOLE, 0, 0)


@pytest.mark.parametrize(
    ("theirs", "least", "chosen"),
    [("1.41", "1.12", "1.41"), ("1.99", "1.44", "1.51"), ("1.99", "1.60", "1.60")],
)
def test_the_version_that_both_sides_know(theirs: str, least: str, chosen: str) -> None:
    assert choose_version({"ApiVersion": theirs, "MinAPIVersion": least}) == chosen


@pytest.mark.parametrize("raw", [None, {}, {"ApiVersion": "new"}, []])
def test_what_has_no_version_is_no_engine(raw: object) -> None:
    with pytest.raises(Unavailable, match="not a Docker engine"):
        choose_version(raw)
