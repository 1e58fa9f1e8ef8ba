"""The operations' list and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tests.factories.accounts import OperationFactory
from tests.factories.cluster import NodeFactory

LIST = "/admin/portal/operation/"


@pytest.fixture
def operation(alice):
    log = [{"at": "2026-01-02T03:04:05+00:00", "text": "<b>asked the manager</b>"}]
    return OperationFactory(actor=alice, log=log)


def page(operation):
    return reverse("admin:portal_operation_change", args=[operation.pk])


def test_alice_follows_her_operation(alice, operation, signed_in):
    body = signed_in(alice).get(page(operation)).content.decode()
    assert f'data-answer="/api/v1/operations/{operation.pk}/"' in body
    assert "&lt;b&gt;asked the manager" in body
    assert f"{page(operation).removesuffix('change/')}cancel/" in body
    assert 'data-module="operation"' in body


def test_what_is_over_is_not_followed_and_says_what_came_of_it(alice, signed_in):
    result = {"availability": "drain", "labels": {}, "tries": 1, "freed_bytes": 2048}
    ended = OperationFactory(actor=alice, state="succeeded", result=result, **times(3.5))
    body = signed_in(alice).get(page(ended)).content.decode()
    assert 'data-module="operation"' not in body
    assert "took 3.5 s" in body
    words = ("Availability", "drained", "1 attempt", "Freed", "2.0 KiB")
    assert all(word in body for word in words)
    assert "Labels" not in body.partition('class="dce-board"')[2]


def times(took_s: float) -> dict[str, datetime]:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    return {"started_at": start, "finished_at": start + timedelta(seconds=took_s)}


def test_an_error_says_what_to_do_and_links_the_target_for_those_who_may_see_it(
    alice, viewer, signed_in
):
    node = NodeFactory()
    link = reverse("admin:nodes_node_change", args=[node.pk])
    for person, is_linked in ((viewer, True), (alice, False)):
        failed = OperationFactory(
            actor=person, state="failed", error="No manager <x>.", target_id=str(node.pk)
        )
        body = signed_in(person).get(page(failed)).content.decode()
        assert "No manager &lt;x&gt;." in body
        assert "Nothing more happens by itself." in body
        assert (f'href="{link}"' in body) == is_linked


def test_a_target_that_is_gone_is_named_without_a_link(administrator, signed_in):
    for key in ("404", "no number"):
        orphan = OperationFactory(actor=administrator, target_id=key, target_label="was-here")
        body = signed_in(administrator).get(page(orphan)).content.decode()
        assert "was-here" in body
        assert "/admin/nodes/node/404" not in body


def test_a_page_takes_as_many_queries_for_a_long_log_as_for_a_short_one(alice, queries_of):
    operation = OperationFactory(actor=alice)
    few = queries_of(alice, page(operation))
    operation.log = [{"at": "no moment", "text": f"line {n}"} for n in range(200)]
    operation.save()
    assert queries_of(alice, page(operation)) == few < 20


def test_mallory_sees_no_operation_of_others(mallory, operation, signed_in):
    browser = signed_in(mallory)
    assert operation.title not in browser.get(LIST).content.decode()
    assert browser.get(page(operation)).status_code == 302
    cancel = reverse("admin:portal_operation_cancel", args=[operation.pk])
    assert browser.post(cancel).status_code == 404
    operation.refresh_from_db()
    assert operation.state == "queued"


def test_an_operator_sees_and_may_not_cancel_others_operations(operator, operation, signed_in):
    browser = signed_in(operator)
    cancel = reverse("admin:portal_operation_cancel", args=[operation.pk])
    assert cancel not in browser.get(page(operation)).content.decode()
    browser.post(cancel)
    operation.refresh_from_db()
    assert operation.state == "queued"


def test_alice_cancels_by_post_only(alice, operation, signed_in):
    browser = signed_in(alice)
    cancel = reverse("admin:portal_operation_cancel", args=[operation.pk])
    assert browser.get(cancel).status_code == 405
    browser.post(cancel)
    operation.refresh_from_db()
    assert operation.state == "cancelled"


def test_the_list_asks_as_many_queries_for_many_rows_as_for_few(administrator, queries_of):
    OperationFactory.create_batch(2)
    few = queries_of(administrator, LIST)
    OperationFactory.create_batch(20)
    assert queries_of(administrator, LIST) == few
