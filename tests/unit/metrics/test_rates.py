"""Counters → usage: never negative, never a spike, a gap where nothing can be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.measures import Figures, believable, total
from apps.metrics.ports import HostCounters
from apps.metrics.rates import host_usage, usage
from apps.nodes.ports import ContainerCounters

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND_NS = 10**9
BEFORE = ContainerCounters(
    container_id="c",
    read_at=START,
    cpu_total_ns=50 * SECOND_NS,
    system_cpu_ns=1000 * SECOND_NS,
    online_cpus=4,
    throttled_ns=0,
    memory_bytes=1000,
    memory_limit_bytes=2000,
    network_rx_bytes=10_000,
    network_tx_bytes=20_000,
    block_read_bytes=0,
    block_write_bytes=500,
    pids=7,
)
# Ten seconds later: four processors did forty seconds, the container used five of them.
AFTER = replace(
    BEFORE,
    read_at=START + timedelta(seconds=10),
    cpu_total_ns=55 * SECOND_NS,
    system_cpu_ns=1040 * SECOND_NS,
    memory_bytes=1500,
    network_rx_bytes=11_000,
    network_tx_bytes=20_000,
    block_write_bytes=1500,
)
GAP = Figures(memory_bytes=1500.0, pids=7)


def test_follows_the_formula_of_the_docker_cli():
    found = usage(BEFORE, AFTER)

    assert found.cpu_cores == pytest.approx(0.5)
    assert found.memory_bytes == 1500
    assert (found.network_rx_bps, found.network_tx_bps) == (100, 0)
    assert (found.block_read_bps, found.block_write_bps) == (0, 100)
    assert found.pids == 7


def test_the_first_reading_tells_only_what_needs_no_other():
    assert usage(None, AFTER) == GAP


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"cpu_total_ns": SECOND_NS}, id="the container started anew"),
        pytest.param({"read_at": START}, id="the same reading again"),
        pytest.param({"read_at": START - timedelta(seconds=5)}, id="the clock was set back"),
        pytest.param(
            {"read_at": START + timedelta(seconds=1)}, id="the clock was set back a little"
        ),
        pytest.param({"read_at": START + timedelta(seconds=100)}, id="the clock was set forward"),
        pytest.param({"read_at": START + timedelta(hours=1)}, id="an hour without a poll"),
    ],
)
def test_a_reading_that_cannot_be_compared_is_a_gap(changed):
    assert usage(BEFORE, replace(AFTER, **changed)) == GAP


def test_the_clock_stands_in_where_the_engine_tells_no_machine_time():
    before, after = replace(BEFORE, system_cpu_ns=0), replace(AFTER, system_cpu_ns=0)

    assert usage(before, after).cpu_cores == pytest.approx(0.5)


def test_more_processors_than_there_are_is_no_figure():
    assert usage(BEFORE, replace(AFTER, cpu_total_ns=500 * SECOND_NS)).cpu_cores is None


def test_a_container_without_network_of_its_own_has_no_rate():
    after = replace(AFTER, network_rx_bytes=None, network_tx_bytes=None)

    found = usage(BEFORE, after)

    assert found.network_rx_bps is None
    assert found.cpu_cores is not None


counts = st.integers(min_value=0, max_value=2**62)


@given(cpu=counts, system=counts, rx=counts, seconds=st.integers(-1000, 1000))
def test_is_never_negative_and_never_beyond_the_machine(cpu, system, rx, seconds):
    after = replace(
        AFTER,
        cpu_total_ns=cpu,
        system_cpu_ns=system,
        network_rx_bytes=rx,
        read_at=START + timedelta(seconds=seconds),
    )

    found = usage(BEFORE, after)

    assert found.cpu_cores is None or 0 <= found.cpu_cores <= 4.4
    assert found.network_rx_bps is None or found.network_rx_bps >= 0


HOST = HostCounters(
    read_at=START,
    cpu_busy_s=100.0,
    cpu_count=2,
    memory_used_bytes=5,
    network_rx_bytes=0,
    network_tx_bytes=0,
    block_read_bytes=0,
    block_write_bytes=0,
    pids=3,
    load_1m=0.5,
    swap_used_bytes=0,
    disk_used_bytes=1,
    disk_total_bytes=2,
)


def test_the_machine_is_told_in_cores_too():
    later = replace(HOST, read_at=START + timedelta(seconds=10), cpu_busy_s=115.0)

    found = host_usage(HOST, later)

    assert found.cpu_cores == pytest.approx(1.5)
    assert found.disk_total_bytes == 2
    assert host_usage(None, later).cpu_cores is None
    assert host_usage(HOST, replace(later, cpu_busy_s=900.0)).cpu_cores is None


def test_what_no_machine_can_have_is_left_out():
    odd = Figures(cpu_cores=float("nan"), memory_bytes=float("inf"), pids=-1, load_1m=0.5)

    assert believable(odd) == Figures(load_1m=0.5)


def test_a_sum_keeps_unknown_what_nobody_knows():
    found = total([Figures(cpu_cores=1.0), Figures(cpu_cores=0.5, pids=2)])

    assert found == Figures(cpu_cores=1.5, pids=2)
