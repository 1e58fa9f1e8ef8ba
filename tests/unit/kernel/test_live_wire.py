"""Steps between frames: what a page holds after them is what was published, but for the dead band."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dce_portal.live_wire import DEAD_BAND, applied, chained, step_of


def usage(at: int, cpu: float, **more) -> dict:
    return {"type": "usage", "at": at, "values": {"cpu_cores": cpu, "pids": 4.0}, **more}


def nodes(*shares: float, refs=None) -> dict:
    refs = refs or list(range(1, len(shares) + 1))
    return {"ref": refs, "condition": ["ready"] * len(shares), "cpu_share": list(shares)}


def test_names_are_not_repeated():
    step = step_of(usage(5, 1.0), usage(10, 2.0))

    assert step.fields() == {"set": {"at": 10}, "cells": {"values": [2.0, 4.0]}}


def test_a_table_sends_the_rows_that_moved_and_their_columns_only():
    step = step_of(
        usage(5, 1.0, nodes=nodes(0.5, 0.2, 0.9)), usage(5, 1.0, nodes=nodes(0.5, 0.3, 0.9))
    )

    assert step.fields() == {"rows": {"nodes": {"index": [1], "columns": {"cpu_share": [0.3]}}}}


def test_what_moves_little_is_kept_back_until_it_has_moved_enough():
    held = usage(5, 1.0, nodes=nodes(0.5))
    sent = 0
    # Each time by less than the band, together by far more.
    for share in (0.501, 0.502, 0.503, 0.504):
        step = step_of(held, usage(5, 1.0, nodes=nodes(share)))
        held, sent = step.held, sent + bool(step.rows)

    assert sent == 1
    assert held["nodes"]["cpu_share"] == [0.503]


def test_a_chart_gets_every_number_however_little_it_moved():
    assert step_of(usage(5, 1.0), usage(5, 1.0001)).cells == {"values": [1.0001, 4.0]}


@pytest.mark.parametrize(
    "after",
    [
        usage(5, 1.0, nodes=nodes(0.5, 0.5, refs=[2, 1])),
        usage(5, 1.0, nodes=nodes(0.5)),
        usage(5, 1.0, nodes={"ref": []}),
        usage(5, 1.0),
        {"type": "usage", "values": {"pids": 1.0}},
    ],
)
def test_another_shape_is_sent_whole(after):
    before = usage(5, 1.0, nodes=nodes(0.5, 0.5))

    assert applied(before, step_of(before, after).fields()) == after


numbers = st.floats(0, 1e12, allow_nan=False) | st.integers(0, 9) | st.none()


@st.composite
def frames(draw) -> dict:
    rows = draw(st.integers(0, 4))
    table = {
        "ref": draw(st.permutations(range(rows))),
        "share": draw(st.lists(numbers, min_size=rows, max_size=rows)),
        "name": draw(st.lists(st.sampled_from("ab"), min_size=rows, max_size=rows)),
    }
    values = draw(st.dictionaries(st.sampled_from(["cpu", "memory"]), numbers))
    data = {"type": "usage", "at": draw(st.integers(0, 99)), "values": values, "nodes": table}
    for name in draw(st.sets(st.sampled_from(["at", "nodes", "values"]))):
        del data[name]
    return data


def is_close(held: object, true: object) -> bool:
    if isinstance(held, float) and isinstance(true, int | float):
        return abs(held - true) <= DEAD_BAND * max(abs(held), abs(true))
    if isinstance(held, dict) and isinstance(true, dict):
        return held.keys() == true.keys() and all(is_close(held[name], true[name]) for name in true)
    if isinstance(held, list) and isinstance(true, list):
        return len(held) == len(true) and all(map(is_close, held, true))
    return held == true


@given(st.lists(frames(), min_size=1, max_size=6))
def test_a_chain_of_steps_ends_where_the_frames_do(published):
    told = [{"seq": n, "sent": n, "data": data} for n, data in enumerate(published)]
    held: dict = {}

    for frame, data in zip(chained(told), published, strict=True):
        held = frame["data"] if "data" in frame else applied(held, frame["step"])
        assert held.get("values") == data.get("values"), "a chart's numbers are exact"
        assert sorted(held) == sorted(data)
        assert all(is_close(held[name], data[name]) for name in data)
