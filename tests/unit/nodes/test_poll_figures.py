"""How long polls took, as another process is told."""

from __future__ import annotations

from apps.nodes.polling.figures import BOUNDS_S, PollFigures


def test_polls_are_counted_by_shard_kind_and_duration():
    figures = PollFigures()
    figures.note(0, "agent", took_s=0.05, has_answered=True)
    figures.note(0, "agent", took_s=0.06, has_answered=True)
    figures.note(0, "agent", took_s=99.0, has_answered=False)
    figures.note(1, "cluster", took_s=0.2, has_answered=True)

    told = figures.of_shard(0)

    assert told["bounds_s"] == BOUNDS_S
    assert told["kinds"].keys() == {"agent"}
    agent = told["kinds"]["agent"]
    # At most 0.05 s, at most 0.1 s, and beyond the last bound.
    assert (agent["counts"][0], agent["counts"][1], agent["counts"][-1]) == (1, 1, 1)
    assert (sum(agent["counts"]), agent["failed"], round(agent["sum_s"], 2)) == (3, 1, 99.11)


def test_a_shard_that_was_never_polled_has_nothing():
    assert PollFigures().of_shard(7)["kinds"] == {}
