"""Whether tasks find room elsewhere: never too much on a node, nothing lost, nothing left that would fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from apps.nodes.rules.fitting import Fit, Load, Room, fit
from apps.nodes.rules.placement import NodeFacts

GIB = 2**30


def facts(number: int, **labels: str) -> NodeFacts:
    name = f"host-{number}"
    return NodeFacts(name, name, "worker", f"10.0.0.{number}", "linux", "x86_64", labels, {})


def room(number: int, *, cpu: int = 4, memory: int = 4, **labels: str) -> Room:
    return Room(facts(number, **labels), cpu, memory)


rooms = st.lists(
    st.builds(
        lambda cpu, memory, zone: (cpu, memory, zone),
        st.integers(0, 8),
        st.integers(0, 8),
        st.sampled_from("ab"),
    ),
    max_size=5,
).map(
    lambda found: [room(n, cpu=c, memory=m, zone=z) for n, (c, m, z) in enumerate(found, start=1)]
)
loads = st.lists(
    st.builds(
        Load,
        service=st.just(""),
        name=st.just("web"),
        count=st.integers(0, 6),
        cpu_nano=st.integers(0, 4),
        memory_bytes=st.integers(0, 4),
        constraints=st.sampled_from([(), ("node.labels.zone==a",)]),
        max_per_node=st.integers(0, 2),
    ),
    max_size=5,
).map(lambda found: [replace(load, service=f"s{n}") for n, load in enumerate(found)])


def placed_on(found: Fit, hostname: str) -> Counter[str]:
    return Counter({s: n for (s, host), n in found.placed.items() if host == hostname})


@given(loads, rooms)
def test_nothing_is_lost_and_no_node_is_overfilled(loads: list[Load], rooms: list[Room]) -> None:
    found = fit(loads, rooms)
    by_service = {load.service: load for load in loads}
    left = Counter({misfit.load.service: misfit.count for misfit in found.misfits})
    for load in loads:
        placed = sum(n for (s, _host), n in found.placed.items() if s == load.service)
        assert placed + left[load.service] == load.count
    for one in rooms:
        here = placed_on(found, one.node.hostname)
        assert sum(by_service[s].cpu_nano * n for s, n in here.items()) <= one.free_cpu_nano
        assert sum(by_service[s].memory_bytes * n for s, n in here.items()) <= one.free_memory_bytes
        for service, count in here.items():
            load = by_service[service]
            assert not load.max_per_node or count <= load.max_per_node
            assert not load.constraints or one.node.labels["zone"] == "a"


@given(loads, rooms)
def test_what_is_left_fits_nowhere_and_says_why(loads: list[Load], rooms: list[Room]) -> None:
    found = fit(loads, rooms)
    by_service = {load.service: load for load in loads}
    for misfit in found.misfits:
        assert misfit.reason
        for one in rooms:
            here = placed_on(found, one.node.hostname)
            cpu = one.free_cpu_nano - sum(by_service[s].cpu_nano * n for s, n in here.items())
            memory = one.free_memory_bytes - sum(
                by_service[s].memory_bytes * n for s, n in here.items()
            )
            load = misfit.load
            assert (
                load.cpu_nano > cpu
                or load.memory_bytes > memory
                or (load.constraints and one.node.labels["zone"] != "a")
                or (load.max_per_node and here[load.service] >= load.max_per_node)
            )


@given(loads, st.integers(1, 4))
def test_what_reserves_nothing_and_asks_for_nothing_fits_anywhere(
    loads: list[Load], count: int
) -> None:
    free = [
        replace(load, cpu_nano=0, memory_bytes=0, constraints=(), max_per_node=0) for load in loads
    ]
    assert fit(free, [room(n, cpu=-1, memory=-1) for n in range(count)]).misfits == ()


def test_tasks_are_spread_and_what_runs_there_counts() -> None:
    busy = replace(room(1), tasks={"web": 2})
    found = fit([Load("web", "web", 2)], [busy, room(2)])
    assert found.placed == {("web", "host-2"): 2}


def test_each_reason_names_its_nodes() -> None:
    load = Load("db", "db", 1, memory_bytes=8 * GIB, constraints=("node.labels.zone==a",))
    (misfit,) = fit([load], [room(1, zone="a"), room(2, zone="b"), room(3, zone="b")]).misfits
    assert "host-1: too little memory" in misfit.reason
    assert "host-2, host-3: the constraint node.labels.zone==a is not met" in misfit.reason


def test_without_any_other_node_that_is_the_reason() -> None:
    (misfit,) = fit([Load("db", "db", 2)], []).misfits
    assert (misfit.count, misfit.reason) == (2, "no other node is ready and active")


def test_an_image_for_another_system_fits_nowhere() -> None:
    (misfit,) = fit([Load("win", "win", 1, platforms=("windows/amd64",))], [room(1)]).misfits
    assert "linux/x86_64" in misfit.reason
