import time
from types import SimpleNamespace

import pytest

from dce_agent.cgroups import hierarchy_of
from dce_agent.containers import ContainerReader
from dce_agent.sampler import Sampler
from dce_agent.schema import CONTAINERS, HOST
from dce_agent.settings import Settings

ONE = "1" * 64


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told the time."""
    clock = SimpleNamespace(now_s=100.0, time_ns=time.time_ns)
    clock.monotonic = lambda: clock.now_s
    monkeypatch.setattr("dce_agent.sampler.time", clock)
    return clock


@pytest.fixture
def running():
    return {ONE}


@pytest.fixture
def sampler(tree, running):
    tree.add_group_v2(f"docker/{ONE}")
    tree.write("proc/stat", "cpu  100 0 100 200 0 0 0 0 0 0\n")
    reader = ContainerReader(hierarchy_of(tree.sys), proc=tree.proc)
    settings = Settings(proc=tree.proc, sys=tree.sys)
    return Sampler(settings, reader=reader, running=lambda: running)


def row(tick, schema):
    table = tick.tables[schema.name]
    return dict(zip([column.name for column in schema.columns], table.values, strict=True))


def test_a_tick_has_host_and_containers(sampler):
    tick = sampler.tick()
    assert tick.interval_ms is None
    assert tick.tables["containers"].keys == (ONE,)
    assert row(tick, CONTAINERS)["memory_bytes"] == 503808


def test_shares_of_processor_time_are_made_between_ticks(sampler, tree, clock):
    sampler.tick()
    clock.now_s += 5
    tree.write("proc/stat", "cpu  130 0 100 270 0 0 0 0 0 0\n")
    assert row(sampler.tick(), HOST)["cpu_user_ratio"] == pytest.approx(0.3)


def test_a_started_container_has_rates_in_its_first_tick(sampler):
    sampler.container_started(ONE, ago_s=10)
    assert row(sampler.tick(), CONTAINERS)["cpu_cores"] == pytest.approx(0.65, rel=0.05)


def test_a_container_between_two_ticks_leaves_what_it_used(sampler, tree, running):
    sampler.container_started(ONE, ago_s=0)
    tree.remove_group(f"docker/{ONE}")
    running.clear()
    assert sampler.container_ended(ONE)["cpu_s"] == 6.5
    assert sampler.container_ended(ONE) == {}


def test_the_last_reading_is_kept_over_a_tick_that_came_too_late(sampler, tree):
    sampler.tick()
    tree.remove_group(f"docker/{ONE}")
    sampler.tick()
    assert sampler.container_ended(ONE)["cpu_s"] == 6.5


def test_someone_who_watches_gets_ticks_each_second(sampler, clock):
    assert sampler.interval_s == 5
    sampler.watch()
    assert sampler.interval_s == 1
    clock.now_s += 10
    assert sampler.interval_s == 5


def test_a_host_without_control_groups_is_sampled_all_the_same(tree):
    tick = Sampler(Settings(proc=tree.proc, sys=tree.sys), reader=None, running=set).tick()
    assert tick.tables["containers"].keys == ()
