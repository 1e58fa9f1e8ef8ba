"""Operations in the API."""

from __future__ import annotations

from tests.factories.accounts import OperationFactory


def test_alice_reads_and_cancels_her_own(alice, with_token):
    operation = OperationFactory(actor=alice, log=[{"at": "2026-01-02T03:04:05Z", "text": "hello"}])
    OperationFactory()
    script = with_token(alice)
    listed = script.get("/api/v1/operations/").json()["results"]
    assert [row["id"] for row in listed] == [str(operation.pk)]
    assert listed[0]["log"][0]["text"] == "hello"
    assert "parameters" not in listed[0]
    address = f"/api/v1/operations/{operation.pk}/cancel/"
    assert script.post(address).json()["state"] == "cancelled"
    answer = script.post(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_mallory_finds_no_operation_of_others(alice, mallory, with_token):
    operation = OperationFactory(actor=alice)
    script = with_token(mallory)
    assert script.get(f"/api/v1/operations/{operation.pk}/").status_code == 404
    assert script.post(f"/api/v1/operations/{operation.pk}/cancel/").status_code == 404


def test_an_operator_reads_all_and_cancels_own_only(alice, operator, with_token):
    operation = OperationFactory(actor=alice)
    script = with_token(operator)
    assert script.get(f"/api/v1/operations/{operation.pk}/").status_code == 200
    assert script.post(f"/api/v1/operations/{operation.pk}/cancel/").status_code == 403


def test_lists_narrow_by_state_and_target(operator, with_token):
    OperationFactory(state="failed", target_id="7")
    OperationFactory(state="failed", target_id="8")
    OperationFactory(state="queued", target_id="7")
    answer = with_token(operator).get("/api/v1/operations/?state=failed&target_id=7")
    assert len(answer.json()["results"]) == 1
