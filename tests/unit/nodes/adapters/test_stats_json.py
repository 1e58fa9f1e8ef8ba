"""Counters by the formulas of docker's client, for both kinds of cgroups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.nodes.adapters.engine.stats_json import counters_of
from dce_portal.errors import Unavailable

READ = "2026-01-02T03:04:05.123456789Z"


def v1(**parts: Any) -> dict[str, Any]:
    """As an engine on cgroup v1 writes it."""
    return {
        "read": READ,
        "pids_stats": {"current": 7},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "Read", "value": 100},
                {"major": 8, "minor": 0, "op": "Write", "value": 20},
                {"major": 8, "minor": 16, "op": "Read", "value": 1},
                {"major": 8, "minor": 16, "op": "Total", "value": 121},
            ]
        },
        "cpu_stats": {
            "cpu_usage": {"total_usage": 5_000, "percpu_usage": [2_000, 3_000, 0, 0]},
            "system_cpu_usage": 90_000,
            "throttling_data": {"periods": 4, "throttled_periods": 1, "throttled_time": 77},
        },
        "memory_stats": {
            "usage": 1_000,
            "limit": 4_000,
            "stats": {"cache": 500, "inactive_file": 900, "total_inactive_file": 300},
        },
        "networks": {
            "eth0": {"rx_bytes": 10, "tx_bytes": 1},
            "eth1": {"rx_bytes": 5, "tx_bytes": 2},
        },
    } | parts


def v2(**parts: Any) -> dict[str, Any]:
    """As an engine on cgroup v2 writes it."""
    return (
        v1(
            blkio_stats={
                "io_service_bytes_recursive": [
                    {"major": 254, "minor": 0, "op": "read", "value": 3},
                    {"major": 254, "minor": 0, "op": "write", "value": 4},
                ]
            },
            cpu_stats={
                "cpu_usage": {"total_usage": 5_000},
                "system_cpu_usage": 90_000,
                "online_cpus": 2,
            },
            memory_stats={"usage": 1_000, "limit": 4_000, "stats": {"inactive_file": 400}},
        )
        | parts
    )


def test_cgroup_v1() -> None:
    found = counters_of(v1(), container_id="c")
    assert found is not None
    assert found.read_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert (found.cpu_total_ns, found.system_cpu_ns, found.online_cpus) == (5_000, 90_000, 4)
    assert found.throttled_ns == 77
    assert (found.memory_bytes, found.memory_limit_bytes) == (700, 4_000)
    assert (found.network_rx_bytes, found.network_tx_bytes) == (15, 3)
    assert (found.block_read_bytes, found.block_write_bytes) == (101, 20)
    assert found.pids == 7


def test_cgroup_v2() -> None:
    found = counters_of(v2(), container_id="c")
    assert found is not None
    assert (found.online_cpus, found.throttled_ns, found.memory_bytes) == (2, 0, 600)
    assert (found.block_read_bytes, found.block_write_bytes) == (3, 4)


def test_a_container_on_the_hosts_network_has_no_network_figures() -> None:
    raw = v2()
    del raw["networks"]
    found = counters_of(raw, container_id="c")
    assert found is not None
    assert (found.network_rx_bytes, found.network_tx_bytes) == (None, None)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, None),
        ({"io_service_bytes_recursive": None}, 0),
        ({"io_service_bytes_recursive": []}, 0),
    ],
)
def test_block_figures_that_are_absent_or_empty(
    block: dict[str, Any], expected: int | None
) -> None:
    found = counters_of(v2(blkio_stats=block), container_id="c")
    assert found is not None
    assert found.block_read_bytes is expected or found.block_read_bytes == expected


def test_more_inactive_pages_than_usage_are_not_taken_away() -> None:
    memory = {"usage": 100, "limit": 1, "stats": {"inactive_file": 400}}
    found = counters_of(v2(memory_stats=memory), container_id="c")
    assert found is not None
    assert found.memory_bytes == 100


@pytest.mark.parametrize(
    "raw",
    [
        {"id": "c", "name": "/c"},
        v2(read="0001-01-01T00:00:00Z"),
        v2(cpu_stats={"cpu_usage": {"total_usage": 0}, "throttling_data": {}}),
        v2(cpu_stats=None),
    ],
)
def test_a_stopping_container_is_a_gap_and_no_zero(raw: dict[str, Any]) -> None:
    assert counters_of(raw, container_id="c") is None


@pytest.mark.parametrize("raw", [None, [], "text", 3])
def test_what_is_no_object_cannot_be_read(raw: object) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        counters_of(raw, container_id="c")
