"""Errors, pages and filters, whatever is sent."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.factories.cluster import NodeFactory


@pytest.fixture
def script(administrator, with_token):
    return with_token(administrator)


def error_of(answer) -> dict:
    assert answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"error"}
    return answer.json()["error"]


@pytest.mark.parametrize(
    "address", ["/api/v1/nothing/", "/api/v1/nodes", "/api/v1/nodes/1/x/", "/api/v1/%00/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_where_there_is_nothing_the_answer_is_404_in_the_one_shape(script, address, method):
    answer = script.generic(method, address)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/nodes/abc/", 404),
        (f"/api/v1/nodes/{10**40}/", 404),
        ("/api/v1/nodes/%00/", 404),
        ("/api/v1/operations/not-a-uuid/", 404),
        ("/api/v1/nodes/?search=%00", 400),
        (f"/api/v1/nodes/?cluster={10**40}", 400),
        ("/api/v1/nodes/?cluster=-1", 400),
        ("/api/v1/nodes/?role=boss", 400),
        ("/api/v1/nodes/?rolle=manager", 400),
        ("/api/v1/nodes/?role=manager&role=worker", 400),
        ("/api/v1/nodes/?role=", 400),
        ("/api/v1/nodes/?stale=maybe", 400),
        ("/api/v1/nodes/?stale=false", 200),
        ("/api/v1/nodes/?limit=0", 400),
        ("/api/v1/nodes/?limit=501", 400),
        ("/api/v1/nodes/?limit=%D9%A1", 400),
        ("/api/v1/nodes/?cursor=nonsense", 400),
        ("/api/v1/events/?since=yesterday", 400),
        ("/api/v1/events/?since=2026-01-01T00:00:00Z", 200),
    ],
)
def test_strange_input_is_the_callers_error(script, address, status):
    answer = script.get(address)
    assert answer.status_code == status
    assert status == 200 or error_of(answer)["message"]


@pytest.mark.parametrize("position", ["abc", "\x00", "9" * 400, "2026-99-99", "é"])
@pytest.mark.parametrize("collection", ["nodes", "events", "operations", "clusters", "tokens"])
def test_a_made_up_cursor_never_fails_the_portal(script, collection, position):
    cursor = base64.b64encode(f"p={quote(position)}".encode()).decode()
    answer = script.get(f"/api/v1/{collection}/", {"cursor": cursor})
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        ("{", "application/json", {}, 400),
        ("[]", "application/json", {}, 400),
        ("null", "application/json", {}, 400),
        ("a=1", "application/x-www-form-urlencoded", {}, 415),
        ("{}", "application/json", {"Accept": "text/html"}, 406),
        (b"\xff\xfe", "application/json", {}, 400),
        ('{"name": "\\u0000", "scopes": ["api.read"]}', "application/json", {}, 400),
        ('{"name": "\\ud800", "scopes": ["api.read"]}', "application/json", {}, 400),
        ('{"name": "x", "scopes": ["api.read"], "days": 1e400}', "application/json", {}, 400),
        ('{"name": "x", "scopes": ["all"]}', "application/json", {}, 400),
    ],
)
def test_bodies_that_cannot_be_used_are_refused_in_the_one_shape(
    script, body, content_type, headers, status
):
    answer = script.generic(
        "POST", "/api/v1/tokens/", body, content_type=content_type, headers=headers
    )
    assert answer.status_code == status
    error_of(answer)


def test_methods_that_an_address_lacks_are_405(script):
    for method in ("PUT", "OPTIONS"):
        answer = script.generic(method, "/api/v1/nodes/")
        assert answer.status_code == 405
        assert error_of(answer)["code"] == "method_not_allowed"


def test_pages_follow_each_other_without_gap_or_repeat(script):
    names = {NodeFactory(hostname="same").pk for _ in range(7)}
    seen, address = [], "/api/v1/nodes/?limit=3"
    while address:
        page = script.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert sorted(seen) == sorted(names)


def test_our_own_failure_is_told_in_the_one_shape_and_without_its_text(script, monkeypatch):
    def broken(_user):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("apps.nodes.selectors.nodes_visible_to", broken)
    script.raise_request_exception = False
    answer = script.get("/api/v1/nodes/")
    assert answer.status_code == 500
    assert error_of(answer)["code"] == "internal"
    assert "hunter2" not in answer.content.decode()
