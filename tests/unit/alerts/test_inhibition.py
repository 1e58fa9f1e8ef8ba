"""One cause is told once: who explains whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.rules.inhibition import CAUSES, Place, explained


def place(key: int, subject: str, kind: str, ref: int, **more: object) -> Place:
    return Place(key=key, subject=subject, kind=kind, ref=ref, cluster_ref=1, **more)


DOWN = place(1, "node_down", "node", 7)


def test_a_node_that_is_down_explains_its_containers_and_services() -> None:
    on_it = place(2, "unhealthy", "container", 30, node_refs=frozenset({7}))
    had_tasks = place(3, "replicas_short", "service", 40, node_refs=frozenset({7, 8}))
    elsewhere = place(4, "unhealthy", "container", 31, node_refs=frozenset({8}))
    assert explained([DOWN, on_it, had_tasks, elsewhere]) == {2: 1, 3: 1}


def test_it_explains_what_is_said_of_the_node_itself() -> None:
    own = place(2, "threshold", "node", 7)
    other = place(3, "threshold", "node", 8)
    assert explained([own, DOWN, other]) == {2: 1}


def test_a_cluster_without_quorum_explains_its_services_only() -> None:
    quorum = place(1, "quorum_lost", "cluster", 1)
    service = place(2, "replicas_short", "service", 5)
    stranger = Place(key=3, subject="replicas_short", kind="service", ref=6, cluster_ref=2)
    node = place(4, "node_down", "node", 7)
    assert explained([quorum, service, stranger, node]) == {2: 1}


def test_the_portals_own_lateness_explains_silence_and_nothing_else() -> None:
    late = Place(key=1, subject="poll_late", kind="portal", ref=0)
    silent = place(2, "absence", "container", 5)
    node = place(3, "node_silent", "node", 7)
    short = place(4, "replicas_short", "service", 9)
    assert explained([late, silent, node, short]) == {2: 1, 3: 1}


PLACES = st.lists(
    st.builds(
        Place,
        key=st.integers(0, 10**6),
        subject=st.sampled_from([*CAUSES, "absence", "threshold", "replicas_short"]),
        kind=st.sampled_from(["node", "service", "container", "cluster", "portal"]),
        ref=st.integers(0, 3),
        cluster_ref=st.integers(0, 2),
        node_refs=st.frozensets(st.integers(0, 3)),
    ),
    unique_by=lambda one: one.key,
)


@given(PLACES)
def test_there_is_always_one_that_nobody_explains(places: list[Place]) -> None:
    """Nothing explains itself, and no two explain each other: somebody is told."""
    causes = explained(places)
    assert all(key != cause for key, cause in causes.items())
    assert all(causes.get(cause) != key for key, cause in causes.items())
    assert not places or set(causes) != {one.key for one in places}
