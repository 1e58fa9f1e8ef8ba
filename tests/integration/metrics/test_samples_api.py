"""Usage over the API: columns in a bounded number of moments, for those who may see the thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories.metrics import CORES_EACH, MEMORY_EACH, polls

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=5)
ADDRESS = "/api/v1/samples/"


@pytest.fixture(autouse=True)
def _at_that_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def node(nodes):
    polls(nodes[:1], start=START, count=20)
    return nodes[0]


def test_a_quarter_of_an_hour_is_raw(node, viewer, signed_in):
    answer = signed_in(viewer).get(ADDRESS, {"kind": "node", "ref": node.pk})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["tier"], body["told_by"], len(body["at"])) == ("raw", "containers", 20)
    assert body["columns"]["cpu_cores"][0] is None
    assert body["columns"]["cpu_cores"][1] == pytest.approx(2 * CORES_EACH)
    assert body["columns"]["memory_bytes_max"][-1] == 2 * MEMORY_EACH
    assert body["units"]["memory_bytes"] == "bytes"
    assert body["limits"]["cpu_cores"] == 4


def test_a_day_is_of_minutes_and_no_longer_than_asked(node, viewer, signed_in):
    query = {
        "kind": "node",
        "ref": node.pk,
        "from": (NOW - timedelta(days=1)).isoformat(),
        "points": 100,
    }

    body = signed_in(viewer).get(ADDRESS, query).json()

    assert body["tier"] == "minute"
    assert body["step_s"] >= 864
    assert len(body["at"]) <= 100
    assert body["columns"]["cpu_cores"][-1] == pytest.approx(2 * CORES_EACH)


def test_only_the_measures_that_were_asked_for(node, viewer, signed_in):
    query = {"kind": "node", "ref": node.pk, "measures": "pids"}

    body = signed_in(viewer).get(ADDRESS, query).json()

    assert set(body["columns"]) == {"pids", "pids_max", "pids_min"}


def test_a_thing_without_samples_is_empty_in_the_same_shape(nodes, viewer, signed_in):
    body = signed_in(viewer).get(ADDRESS, {"kind": "node", "ref": nodes[1].pk}).json()

    assert body["at"] == []
    assert body["columns"]["cpu_cores"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "planet"}, "kind"),
        ({"ref": "1 or 1"}, "ref"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-02T00:00:00Z"}, "from"),
        ({"from": "2023-03-02T00:00:00Z"}, "from"),
        ({"points": "1000000"}, "points"),
        ({"measures": "cpu_cores,mood"}, "measures"),
        ({"form": "2026-03-01T00:00:00Z"}, "form"),
    ],
)
def test_what_cannot_be_answered_names_the_field(query, field, node, viewer, signed_in):
    answer = signed_in(viewer).get(ADDRESS, {"kind": "node", "ref": node.pk} | query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("kind", ["cluster", "node", "container", "service"])
def test_mallory_is_refused(kind, node, mallory, signed_in):
    answer = signed_in(mallory).get(ADDRESS, {"kind": kind, "ref": node.pk})

    assert answer.status_code == 404


def test_nobody_is_asked_to_sign_in(node, client):
    assert client.get(ADDRESS, {"kind": "node", "ref": node.pk}).status_code == 401


def test_a_token_needs_the_scope(node, viewer, with_token):
    query = {"kind": "node", "ref": node.pk}

    assert with_token(viewer, "api.read").get(ADDRESS, query).status_code == 200
    assert with_token(viewer, "registry.pull").get(ADDRESS, query).status_code == 403
