"""Usage as a file: a line a step, units in the head, empty where it could not be told."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.metrics.api.table import MOST_ROWS, lines_of
from apps.metrics.series import Series
from tests.factories.metrics import CORES_EACH, polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=5)
ADDRESS = "/api/v1/samples/csv/"


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def node(nodes):
    polls(nodes[:1], start=START, count=20)
    return nodes[0]


def rows_of(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def test_each_sample_is_a_line(node, viewer, signed_in):
    query = {"kind": "node", "ref": node.pk, "measures": "cpu_cores,memory_bytes"}

    answer = signed_in(viewer).get(ADDRESS, query)
    head, *rows = rows_of(answer)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="node-1-usage.csv"'
    assert head[0] == "time (UTC)"
    assert "cpu_cores mean (cores)" in head
    assert "memory_bytes greatest (bytes)" in head
    assert len(rows) == 20
    # The first poll has no rate yet: that is unknown, which is not nothing.
    assert rows[0][:2] == ["2026-03-01T12:00:00Z", ""]
    assert float(rows[1][1]) == pytest.approx(2 * CORES_EACH)


def test_it_is_sent_line_by_line_and_bounded():
    series = Series("raw", 1, 45, [0, 1], {"pids": [1.0, None], "pids_max": [2.0, None]})

    lines = list(lines_of(series, ("pids",)))

    assert lines == [
        "time (UTC),pids mean (processes),pids greatest (processes)\r\n",
        "1970-01-01T00:00:00Z,1.0,2.0\r\n",
        "1970-01-01T00:00:01Z,,\r\n",
    ]
    assert MOST_ROWS < 20_000


def test_mallory_is_refused(node, mallory, signed_in):
    answer = signed_in(mallory).get(ADDRESS, {"kind": "node", "ref": node.pk})

    assert answer.status_code == 404


def test_nobody_is_asked_to_sign_in(node, client):
    assert client.get(ADDRESS, {"kind": "node", "ref": node.pk}).status_code == 401
