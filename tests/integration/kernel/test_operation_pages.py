"""The operations' list and pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories.accounts import OperationFactory

LIST = "/admin/portal/operation/"


@pytest.fixture
def operation(alice):
    log = [{"at": "2026-01-02T03:04:05+00:00", "text": "<b>asked the manager</b>"}]
    return OperationFactory(actor=alice, log=log)


def page(operation):
    return reverse("admin:portal_operation_change", args=[operation.pk])


def test_alice_follows_her_operation(alice, operation, signed_in):
    body = signed_in(alice).get(page(operation)).content.decode()
    assert f"/api/v1/operations/{operation.pk}/" in body
    assert "&lt;b&gt;asked the manager" in body
    assert f"{page(operation).removesuffix('change/')}cancel/" in body
    assert "js/operation.js" in body


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
