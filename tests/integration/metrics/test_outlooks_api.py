"""Outlooks and times to full over the API, for those who may see the thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine

from apps.metrics.models import MetricObject, TimeToFull
from apps.metrics.outlooks import refresh
from tests.factories.usage_history import hours_before, measured

NOW = datetime(2026, 3, 15, 12, 5, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
OUTLOOKS, FULL = "/api/v1/outlooks/", "/api/v1/time-to-full/"


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def node(nodes) -> MetricObject:
    """A node whose processors follow the day and whose disk fills by ten a day."""
    row = measured(
        "node",
        nodes[0].pk,
        at=NOW,
        cluster_ref=nodes[0].cluster_id,
        cpu_limit_cores=8.0,
        disk_total_bytes=1000.0,
    )
    hours = np.arange(336)
    noise = np.random.default_rng(7).normal(0, 0.3, 336)
    cpu = 4.0 + 2.0 * np.sin(2 * np.pi * hours / 24) + noise
    figures = {"cpu_cores": list(cpu), "disk_used_bytes": list(500 + 10 * hours / 24)}
    hours_before(row, HOUR, figures)
    refresh.refresh()
    return row


def asked(row: MetricObject, **more: object) -> dict[str, object]:
    return {"kind": row.kind, "ref": row.ref, "measure": "cpu_cores", **more}


@pytest.mark.parametrize(("horizon", "hours"), [("24h", 24), ("7d", 168)])
def test_an_outlook_is_in_columns_and_sentences(horizon, hours, node, viewer, signed_in):
    answer = signed_in(viewer).get(OUTLOOKS, asked(node, horizon=horizon))

    assert answer.status_code == 200
    body = answer.json()
    newest = body["newest"]
    assert newest["at"][0] == int(HOUR.timestamp())
    assert {len(newest[name]) for name in ("at", "point", "lower", "upper")} == {hours}
    assert len(body["history"]["at"]) == hours
    assert all(
        0 <= low <= point <= high <= 8.001
        for low, point, high in zip(newest["lower"], newest["point"], newest["upper"], strict=True)
    )
    assert (body["unit"], body["missing"], body["earlier"]) == ("cores", None, None)
    assert body["says"]["skill"].startswith("Tried on the last 5 days, it saves ")


def test_an_unmeasured_thing_says_what_is_missing(nodes, viewer, signed_in):
    query = {"kind": "node", "ref": nodes[1].pk, "measure": "cpu_cores"}

    body = signed_in(viewer).get(OUTLOOKS, query).json()

    assert body["newest"] is None
    assert body["missing"]["reason"] == "history"
    assert (body["missing"]["known_hours"], body["missing"]["needed_hours"]) == (0, 48)
    assert body["missing"]["ready_at"] == "2026-03-17T12:05:00Z"
    assert body["says"]["missing"].startswith("0 of the 48 hours")


def test_what_fell_silent_says_since_when(nodes, viewer, signed_in):
    row = measured("node", nodes[1].pk, at=NOW - timedelta(days=1))
    hours_before(row, HOUR - timedelta(days=1), {"cpu_cores": [1.0] * 60})

    body = signed_in(viewer).get(OUTLOOKS, asked(row)).json()

    assert body["missing"]["reason"] == "silent"
    assert body["missing"]["last_at"] == "2026-03-14T12:00:00Z"


def test_the_worst_is_first_and_the_list_is_bounded(node, nodes, viewer, signed_in):
    sooner = measured("node", nodes[1].pk, at=NOW, disk_total_bytes=1000.0)
    hours_before(sooner, HOUR, {"disk_used_bytes": list(500 + np.arange(336.0))})
    refresh.refresh()
    browser = signed_in(viewer)

    both = browser.get(FULL).json()["results"]
    one = browser.get(FULL, {"limit": 1}).json()["results"]

    assert [found["ref"] for found in both] == [nodes[1].pk, nodes[0].pk]
    assert [time["threshold"] for time in both[1]["times_to_full"]] == [80, 90, 100]
    assert [found["ref"] for found in one] == [nodes[1].pk]
    assert both[1]["says"] == "Full in about 36 days; 90 % on April 10."


def test_the_list_narrows(node, viewer, signed_in):
    browser = signed_in(viewer)

    def found(**query: object) -> int:
        return len(browser.get(FULL, query).json()["results"])

    assert found(kind="node", ref=node.ref, measure="disk_used_bytes") == 1
    assert found(kind="cluster") == 0
    assert found(cluster=node.cluster_ref) == 1
    assert found(cluster=node.cluster_ref + 1) == 0


def test_a_container_gets_no_outlook(node, viewer, signed_in):
    query = {"kind": "container", "ref": "987654", "measure": "cpu_cores"}
    answer = signed_in(viewer).get(OUTLOOKS, query)

    assert answer.status_code == 400
    assert "measure" in answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "planet"}, "kind"),
        ({"ref": "x"}, "ref"),
        ({"measure": "mood"}, "measure"),
        ({"measure": "pids"}, "measure"),
        ({"kind": "container"}, "measure"),
        ({"horizon": "1y"}, "horizon"),
        ({"ahead": "7d"}, "ahead"),
    ],
)
def test_what_cannot_be_answered_names_the_field(query, field, node, viewer, signed_in):
    answer = signed_in(viewer).get(OUTLOOKS, asked(node) | query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "999"}, {"ref": "1"}, {"rank": "1"}])
def test_a_list_that_cannot_be_answered(query, node, viewer, signed_in):
    assert signed_in(viewer).get(FULL, query).status_code == 400


def test_mallory_sees_neither(node, mallory, signed_in, client):
    browser = signed_in(mallory)

    assert browser.get(OUTLOOKS, asked(node)).status_code == 404
    assert browser.get(FULL).json() == {"results": []}
    assert client.get(OUTLOOKS, asked(node)).status_code == 401
    assert client.get(FULL).status_code == 401


def test_the_queries_do_not_grow(node, nodes, viewer, queries_of):
    address = f"{OUTLOOKS}?kind=node&ref={node.ref}&measure=disk_used_bytes"
    few, few_full = queries_of(viewer, address), queries_of(viewer, FULL)
    moments = {"expected_at": NOW, "early_at": NOW, "issued_at": NOW}
    for ref in range(1000, 1060):
        row = measured("node", ref, at=NOW)
        TimeToFull.objects.create(
            object=row, measure="memory_bytes", threshold=100, used=1, capacity=2, **moments
        )

    assert queries_of(viewer, address) == few <= 14
    assert queries_of(viewer, FULL) == few_full <= 8
