"""Quorum arithmetic, and the sentences that forbid what would lose it."""

from __future__ import annotations

import pytest

from apps.nodes.rules.quorum import (
    Quorum,
    explained,
    quorum_of,
    warned,
    why_not_demote,
    why_not_promote,
)
from tests.factories.infos import node_info


@pytest.mark.parametrize(
    ("managers", "needed", "tolerated"),
    [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (6, 4, 2), (7, 4, 3)],
)
def test_the_table_of_the_handbook(managers: int, needed: int, tolerated: int) -> None:
    quorum = Quorum(managers, managers)
    assert (quorum.needed, quorum.tolerated) == (needed, tolerated)
    assert quorum.holds


def test_managers_are_counted_with_those_that_reach_each_other() -> None:
    nodes = [
        node_info("a", role="manager", reachability="reachable"),
        node_info("b", role="manager", reachability="unreachable"),
        node_info("c"),
    ]
    assert quorum_of(nodes) == Quorum(2, 1)


@pytest.mark.parametrize(
    ("managers", "reachable", "is_reachable", "says"),
    [
        (1, 1, True, "last manager"),
        (3, 2, True, "lose its quorum"),
        (4, 3, True, ""),
        (3, 1, True, "Only 1 of 3"),
        (3, 2, False, ""),
        (2, 2, True, ""),
        (3, 3, True, ""),
        (5, 3, True, "lose its quorum"),
    ],
)
def test_what_forbids_a_demotion(
    managers: int, reachable: int, is_reachable: bool, says: str
) -> None:
    sentence = why_not_demote(Quorum(managers, reachable), is_reachable=is_reachable)
    assert says in sentence
    assert bool(sentence) is bool(says)


def test_a_demotion_that_is_allowed_keeps_the_quorum() -> None:
    for managers in range(1, 12):
        for reachable in range(managers + 1):
            now = Quorum(managers, reachable)
            for is_reachable in (True, False):
                if (is_reachable and not reachable) or (not is_reachable and reachable == managers):
                    continue
                if not why_not_demote(now, is_reachable=is_reachable):
                    assert now.holds
                    assert now.without(is_reachable=is_reachable).holds


def test_only_ready_nodes_are_promoted_and_only_while_the_swarm_decides() -> None:
    assert why_not_promote(Quorum(1, 1), state="ready") == ""
    assert "not ready" in why_not_promote(Quorum(1, 1), state="down")
    assert "Only 1 of 2" in why_not_promote(Quorum(2, 1), state="ready")


def test_it_is_explained_and_even_numbers_are_warned_of() -> None:
    now, after = Quorum(3, 3), Quorum(3, 3).with_one_more()
    first, second = explained(now, after)
    assert "3 now, 4 afterwards" in first
    assert "1 manager fails" in second
    assert "even number" in warned(after)[0]
    assert warned(now) == ()
    assert "one manager alone" in warned(Quorum(1, 1))[0]
