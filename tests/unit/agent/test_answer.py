import json
from array import array
from math import nan

from dce_agent.answer import samples_answer
from dce_agent.rates import Table
from dce_agent.ring import Change, Ring, Tick
from dce_agent.schema import FILESYSTEMS, SCHEMAS


def tick(at_s, **rows):
    tables = {schema.name: Table((), array("d")) for schema in SCHEMAS}
    values = [float(value) for row in rows.values() for value in row]
    tables[FILESYSTEMS.name] = Table(tuple(rows), array("d", values))
    return Tick(at_s, int(at_s * 1000), None if at_s == 0 else 5000, tables)


def answer(*entries, since=""):
    ring = Ring(boot="b")
    for entry in entries:
        ring.append(entry)
    found = ring.since(since, limit_values=10_000)
    return json.loads(samples_answer(found, about={"agent": "x"}, lists={"containers": []}))


def test_rows_become_columns_and_gaps_become_null():
    read = answer(
        tick(0, root=(9, 1, 8, 4, 2)), tick(5, srv=(7, nan, 7, 1, 1), root=(9, 2, 7, 4, 2))
    )
    table = read["tables"]["filesystems"]
    assert read["ticks"] == {"at_unix_ms": [0, 5000], "interval_ms": [None, 5000]}
    assert table["keys"] == ["root", "srv"]
    assert (table["tick"], table["key"]) == ([0, 1, 1], [0, 1, 0])
    assert table["columns"]["used_bytes"] == [1, None, 2]


def test_every_table_has_every_column_even_when_there_is_nothing():
    read = answer()
    for schema in SCHEMAS:
        assert list(read["tables"][schema.name]["columns"]) == [c.name for c in schema.columns]


def test_changes_carry_their_numbers():
    read = answer(tick(0), Change(1, 1000, "event", {"action": "die"}))
    assert read["changes"] == [{"number": 2, "at_unix_ms": 1000, "kind": "event", "action": "die"}]


def test_lists_go_only_to_one_that_begins_anew():
    assert answer(tick(0))["lists"] == {"containers": []}
    assert "lists" not in answer(tick(0), since="b:0")
