"""A standalone Swarm's nodes in every shape that its managers have had."""

from __future__ import annotations

from typing import Any

import pytest

from apps.nodes.adapters.standalone.standalone_json import (
    SwarmInfo,
    labels_of,
    size_of,
    swarm_info_of,
)
from dce_portal.errors import Unavailable

HEAD = [["Role", "primary"], ["Strategy", "spread"], ["Filters", "health, port"], ["Nodes", "1"]]
MEMORY_24_GIB = 25274793984


def fields(**changes: str | None) -> list[list[str]]:
    """A node's lines as 1.2.9 has them; None leaves one out."""
    found: dict[str, str | None] = {
        "ID": "AAAA:BBBB|192.0.2.11:2375",
        "Status": "Healthy",
        "Containers": "2 (2 Running, 0 Paused, 0 Stopped)",
        "Reserved CPUs": "0 / 2",
        "Reserved Memory": "0 B / 24.72 GiB",
        "Labels": "ostype=linux, rack=r1",
        "UpdatedAt": "2026-11-22T17:00:02Z",
        "ServerVersion": "20.10.24+dfsg1",
    }
    found |= changes
    return [[f"  └ {name}", value] for name, value in found.items() if value is not None]


def status(*nodes: list[list[str]]) -> dict[str, Any]:
    return {"SystemStatus": [*HEAD, *(line for node in nodes for line in node)]}


def node_of(lines: list[list[str]], name: str = "node-1", address: str = "192.0.2.11:2375") -> Any:
    (node,) = swarm_info_of(status([[f" {name}", address], *lines])).nodes
    return node


def test_a_healthy_node() -> None:
    node = node_of(fields())
    info = node.info
    assert (info.native_id, info.hostname, info.state) == ("192.0.2.11:2375", "node-1", "ready")
    assert (info.status_message, info.engine_version, info.os) == ("", "20.10.24+dfsg1", "linux")
    assert info.engine_labels == {"ostype": "linux", "rack": "r1"}
    assert node.engine_id == "AAAA:BBBB"


def test_the_managers_five_percent_are_taken_off_again() -> None:
    info = node_of(fields()).info
    assert info.cpu_count == 2
    assert abs(info.memory_bytes - MEMORY_24_GIB) < 0.001 * MEMORY_24_GIB
    assert node_of(fields(**{"Reserved CPUs": "0 / 33"})).info.cpu_count == 32
    assert node_of(fields(**{"Reserved CPUs": "0 / 21"})).info.cpu_count == 20


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("AAAA:BBBB|192.0.2.11:2375", "AAAA:BBBB"),  # 1.2.7 and later
        ("AAAA:BBBB", "AAAA:BBBB"),  # 1.2.1 to 1.2.6
        (None, ""),  # before
        ("", ""),  # not yet reached
    ],
)
def test_forms_of_the_id(said: str | None, expected: str) -> None:
    assert node_of(fields(ID=said)).engine_id == expected


@pytest.mark.parametrize("count", ["2", "2 (2 Running, 0 Paused, 0 Stopped)"])
def test_both_forms_of_the_count_are_read_over(count: str) -> None:
    assert node_of(fields(Containers=count)).info.state == "ready"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Healthy", "ready"),
        ("Pending", "pending"),
        ("Unhealthy", "unhealthy"),
        ("Disconnected", "disconnected"),
        ("Maintenance", "unknown"),
        (None, "unknown"),
    ],
)
def test_states(said: str | None, state: str) -> None:
    assert node_of(fields(Status=said)).info.state == state


def test_a_pending_node_is_called_by_its_address() -> None:
    node = node_of(
        fields(ID="", Status="Pending", Containers="0", Labels="", ServerVersion=""),
        name="(unknown)",
        address="192.0.2.12:2375",
    )
    assert (node.info.hostname, node.info.native_id) == ("192.0.2.12:2375", "192.0.2.12:2375")
    assert "2026-11-22T17:00:02Z" in node.info.status_message


def test_an_error_is_the_reason_with_when_the_node_was_last_heard_of() -> None:
    error = "Cannot connect to the Docker daemon at tcp://192.0.2.11:2375."
    message = node_of(fields(Status="Unhealthy", Error=error)).info.status_message
    assert message.startswith(error)
    assert "2026-11-22T17:00:02Z" in message
    assert "none" not in node_of(fields(Status="Unhealthy", Error="(none)")).info.status_message
    assert node_of(fields(Error="(none)")).info.status_message == ""


def test_two_nodes_of_one_name_are_two_nodes() -> None:
    lines = [
        [[" twin", f"192.0.2.{number}:2375"], *fields(Labels=f"rack=r{number}")]
        for number in (1, 2)
    ]
    nodes = swarm_info_of(status(*lines)).nodes
    assert [(node.info.native_id, node.info.engine_labels["rack"]) for node in nodes] == [
        ("192.0.2.1:2375", "r1"),
        ("192.0.2.2:2375", "r2"),
    ]


def test_labels_with_commas() -> None:
    text = "operatingsystem=Debian GNU/Linux 12 (bookworm), long, life, ostype=linux, empty="
    assert labels_of(text) == {
        "empty": "",
        "operatingsystem": "Debian GNU/Linux 12 (bookworm), long, life",
        "ostype": "linux",
    }
    assert labels_of("") == {}


def before_1_22() -> dict[str, Any]:
    """The same as it is told to clients of API 1.21 and before."""
    lines = status([[" node-1", "192.0.2.11:2375"], *fields(ID=None)])["SystemStatus"]
    old = [[key[1:] if key.startswith(" ") else f"\b{key}", value] for key, value in lines]
    return {"SystemStatus": None, "DriverStatus": old}


def test_the_driver_status_of_older_versions() -> None:
    info: SwarmInfo = swarm_info_of(before_1_22())
    (node,) = info.nodes
    assert (info.role, info.strategy) == ("primary", "spread")
    assert (node.name, node.info.address, node.info.state) == (
        "node-1",
        "192.0.2.11:2375",
        "ready",
    )


def test_a_replica_names_its_primary() -> None:
    raw = {"SystemStatus": [["Role", "replica"], ["Primary", "192.0.2.1:3376"], ["Nodes", "0"]]}
    info = swarm_info_of(raw)
    assert (info.role, info.primary, info.nodes) == ("replica", "192.0.2.1:3376", ())


@pytest.mark.parametrize(
    "raw",
    [
        {"ID": "engine", "DriverStatus": [["Backing Filesystem", "extfs"]]},
        {"SystemStatus": None},
        {"SystemStatus": "Nodes"},
        {},
        [],
        None,
    ],
)
def test_what_is_no_manager(raw: object) -> None:
    with pytest.raises(Unavailable):
        swarm_info_of(raw)


@pytest.mark.parametrize(
    "lines",
    [
        [["  └ ID", "before any node"]],
        [[" node-1"]],
        [[1, 2], None, "text"],
        [[" node-1", "192.0.2.11:2375"], ["  └ Reserved Memory", "0 B / 1.2.3 GiB"]],
        [[" node-1", "192.0.2.11:2375"], ["  └ Reserved CPUs", "0 / ²"]],
        [[" node-1", "192.0.2.11:2375"], ["  └ Reserved Memory", "0 B / " + "9" * 300 + " PiB"]],
    ],
)
def test_garbage_between_the_lines_harms_nothing(lines: list[Any]) -> None:
    info = swarm_info_of({"SystemStatus": [*HEAD, *lines]})
    assert len(info.nodes) <= 1


def test_what_an_inspection_tells_of_the_node() -> None:
    raw = {"Node": {"Addr": "192.0.2.11:2375", "Cpus": 2, "Memory": MEMORY_24_GIB}}
    assert size_of(raw) == ("192.0.2.11:2375", (2.0, MEMORY_24_GIB))
    assert size_of({}) == ("", (0.0, 0))
