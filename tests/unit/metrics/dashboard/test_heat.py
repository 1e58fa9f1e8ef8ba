"""Tiles and small lines: the colour's step with a number, shapes for what is not well, gaps as gaps."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from apps.metrics.dashboard import heat
from apps.metrics.dashboard.nodes import NodeFact, _by_name, worst_of

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def fact(ref=1, **changes) -> NodeFact:
    usual = {
        "ref": ref,
        "hostname": f"node-{ref}",
        "condition": "ready",
        "has_engine": True,
        "cpu_count": 8,
        "memory_size": 100.0,
        "cpu_cores": 2.0,
        "memory_bytes": 80.0,
        "at": AT,
    }
    return NodeFact(**{**usual, **changes})


@pytest.mark.parametrize(
    ("share", "level"),
    [
        (None, "x"),
        (0.0, "0"),
        (0.2499, "0"),
        (0.25, "1"),
        (0.5, "2"),
        (0.75, "3"),
        (0.9, "4"),
        (1, "4"),
    ],
)
def test_each_step_of_the_scale(share, level):
    assert heat.level_of(share) == level


def test_a_tile_says_it_in_colour_number_and_words():
    tile = heat.heat_map([fact()], by=0)

    assert "dce-heat-1" in tile
    assert "<span>25</span>" in tile
    assert 'data-shares="25,80,"' in tile
    assert 'aria-label="node-1, ready, 25 %"' in tile
    assert 'href="/admin/nodes/node/1/change/"' in tile
    assert f'data-at="{int(AT.timestamp())}"' in tile


def test_another_measure_colours_by_it():
    assert "dce-heat-3" in heat.heat_map([fact()], by=1)
    unknown = heat.heat_map([fact()], by=2)
    assert "dce-heat-x" in unknown
    assert "<span>–</span>" in unknown


@pytest.mark.parametrize(("condition", "shape"), [("down", "■"), ("late", "▲"), ("drain", "○")])
def test_what_is_not_well_has_a_shape(condition, shape):
    assert f"<i>{shape}</i>" in heat.heat_map([fact(condition=condition)], by=0)


def test_a_nodes_name_is_no_markup():
    tile = heat.heat_map([fact(hostname='"><script>x</script>')], by=0)

    assert "<script" not in tile


@pytest.mark.parametrize(
    ("count", "size"), [(1, "l"), (24, "l"), (25, "m"), (150, "m"), (1000, "s")]
)
def test_many_nodes_have_small_tiles(count, size):
    assert heat.size_of(count) == size


def test_a_line_breaks_where_nothing_came():
    drawn = heat.sparkline([0.0, 50.0, None, 100.0, 100.0], top=100.0)

    # Five values over 120 px are 30 px apart; 0 lies at the bottom's margin, 100 at the top's.
    assert re.search(r'd="([^"]*)"', drawn)[1] == "M0 23L30 12 M90 1L120 1"


def test_a_single_value_is_seen():
    assert "h120" in heat.sparkline([3.0], top=10.0)


def test_more_than_the_whole_stays_inside():
    assert " 1" in heat.sparkline([500.0, 500.0], top=100.0)
    assert "-" not in re.search(r'd="([^"]*)"', heat.sparkline([500.0, 500.0], top=100.0))[1]


@pytest.mark.parametrize(("line", "top"), [([], 1.0), ([None], 1.0), ([1.0], None), ([1.0], 0)])
def test_nothing_known_draws_nothing(line, top):
    assert heat.sparkline(line, top=top) == ""


def test_numbers_in_names_count_as_numbers():
    names = ["node-10", "node-2", "a", "node-1b", "2", "node-1"]

    assert sorted(names, key=_by_name) == ["2", "a", "node-1", "node-1b", "node-2", "node-10"]


def test_the_worst_come_first_the_fullest_of_the_ready_next():
    facts = [
        fact(1),
        fact(2, disk_used_bytes=95.0, disk_total_bytes=100.0),
        fact(3, condition="late"),
        fact(4, condition="down"),
    ]

    assert [one.ref for one in worst_of(facts)] == [4, 3, 2, 1]


def test_of_many_only_the_worst_are_shown():
    assert len(worst_of([fact(ref) for ref in range(24)])) == 24
    assert len(worst_of([fact(ref) for ref in range(25)])) == 12
