"""Operations: their life, and what is told of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from billiard.exceptions import WorkerLostError

from apps.accounts.models import AuditEvent
from dce_portal import operations, tasks, worker_signals
from dce_portal.errors import Unavailable
from dce_portal.models import Operation, OperationState
from dce_portal.operations import Target, operation_handler, request_cancel, start_operation
from dce_portal.origin import Origin
from tests.factories.accounts import OperationFactory

pytestmark = pytest.mark.django_db
TARGET = Target("node", "7", "n7")


@pytest.fixture
def handler(monkeypatch):
    """Register what operations of the kind `test` do, for this test."""
    monkeypatch.setattr(operations, "_handlers", {})
    return operation_handler("test")


@pytest.fixture
def frames(monkeypatch):
    """What was published."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "dce_portal.live.publish", lambda topic, data: sent.append((topic, data["state"]))
    )
    return sent


def start(actor=None) -> Operation:
    origin = Origin(actor=actor, address="192.0.2.1", credential="session")
    return start_operation(
        "test", title="Test", target=TARGET, origin=origin, parameters={"node": 7}
    )


def run(operation: Operation) -> Operation:
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def test_an_operation_runs_to_its_result_and_is_followed_live(handler, frames):
    handler(lambda run: run.say("moved") or run.progress(50) or {"moved": run.parameters["node"]})
    done = run(start())
    assert (done.state, done.result, done.progress_percent) == ("succeeded", {"moved": 7}, 50)
    assert [line["text"] for line in done.log] == ["moved"]
    assert [state for _topic, state in frames] == ["running", "running", "running", "succeeded"]
    assert {topic for topic, _state in frames} == {f"operation:{done.pk}"}


def test_it_is_handed_to_a_worker_after_the_commit(
    handler, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(tasks.run_operation, "apply_async", lambda **call: sent.append(call))
    with django_capture_on_commit_callbacks(execute=True):
        operation = start()
        assert sent == []
    assert [call["args"] for call in sent] == [(str(operation.pk),)]
    assert sent[0]["retry_policy"]["max_retries"] == 1, "a person waits for the answer"


def test_when_the_broker_is_away_it_waits_and_is_handed_over_later(
    handler, monkeypatch, django_capture_on_commit_callbacks, time_machine_at
):
    sent = []

    def away(**_call):
        raise ConnectionError("away")

    monkeypatch.setattr(tasks.run_operation, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        operation = start()
    monkeypatch.setattr(
        tasks.run_operation, "apply_async", lambda **call: sent.append(call["args"])
    )
    tasks.hand_over_waiting()
    assert sent == []
    time_machine_at(minutes=2)
    tasks.hand_over_waiting()
    assert sent == [(str(operation.pk),)]


@pytest.fixture
def time_machine_at():
    from datetime import timedelta

    import time_machine
    from django.utils import timezone

    travellers = []

    def go(**later):
        traveller = time_machine.travel(timezone.now() + timedelta(**later), tick=False)
        traveller.start()
        travellers.append(traveller)

    yield go
    for traveller in travellers:
        traveller.stop()


def test_two_workers_run_it_once(handler):
    runs = []
    handler(runs.append)
    operation = start()
    run(operation)
    run(operation)
    assert len(runs) == 1


def test_our_errors_are_told_in_their_own_sentence(handler):
    def fail(_run):
        raise Unavailable("No manager answered; nothing was changed.")

    handler(fail)
    failed = run(start())
    assert (failed.state, failed.error) == ("failed", "No manager answered; nothing was changed.")


def test_other_errors_are_told_without_their_text(handler, caplog):
    def fail(_run):
        raise RuntimeError("password=hunter2")

    handler(fail)
    failed = run(start())
    assert failed.state == "failed"
    assert "hunter2" not in failed.error
    assert "unexpected error" in failed.error


def test_a_queued_operation_that_is_cancelled_never_begins(handler):
    handler(lambda run: pytest.fail("it began"))
    operation = start()
    assert request_cancel(operation)
    assert run(operation).state == "cancelled"


def test_a_running_operation_stops_at_its_next_safe_point(handler):
    def work(run):
        request_cancel(run.operation)
        run.stop_if_cancelled()
        pytest.fail("it went on")

    handler(work)
    assert run(start()).state == "cancelled"


def test_what_is_over_cannot_be_cancelled(handler):
    handler(lambda run: None)
    done = run(start())
    assert not request_cancel(done)
    assert done.state == "succeeded"


def test_what_ended_meanwhile_keeps_that_end(handler):
    def work(run):
        operations.fail_interrupted()

    handler(work)
    ended = run(start())
    assert ended.state == "failed"
    assert AuditEvent.objects.filter(action="test.finished").count() == 1


def test_request_and_result_are_audited_with_actor_and_credential(handler, alice):
    handler(lambda run: None)
    run(start(actor=alice))
    requested, finished = AuditEvent.objects.filter(target_id="7").order_by("pk")
    assert (requested.action, finished.action) == ("test", "test.finished")
    assert requested.actor == finished.actor == alice
    assert (requested.credential, requested.address) == ("session", "192.0.2.1")


def _worker(*queues: str) -> SimpleNamespace:
    app = SimpleNamespace(
        conf=SimpleNamespace(task_default_queue="default"),
        amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=dict.fromkeys(queues))),
    )
    return SimpleNamespace(app=app)


@pytest.mark.parametrize(("queue", "state"), [("default", "failed"), ("poll", "running")])
def test_only_the_worker_of_operations_ends_what_its_forerunner_left(queue, state, monkeypatch):
    monkeypatch.setattr(worker_signals.connections, "close_all", lambda: None)
    operation = OperationFactory(state=OperationState.RUNNING)
    worker_signals.recover_operations(_worker(queue))
    operation.refresh_from_db()
    assert operation.state == state
    assert bool(operation.error) == (state == "failed")


def test_people_see_and_cancel_their_own(alice, mallory, viewer, operator, administrator):
    operation = OperationFactory(actor=alice)
    seen = {
        p.username
        for p in (alice, mallory, viewer, operator, administrator)
        if operation in operations.operations_visible_to(p)
    }
    assert seen == {"alice", "otto", "ada"}
    may = {
        p.username
        for p in (alice, mallory, operator, administrator)
        if operations.may_cancel(p, operation)
    }
    assert may == {"alice", "ada"}


@pytest.fixture
def lasting(monkeypatch, django_capture_on_commit_callbacks):
    """An operation of a kind that goes on after its worker died, and to whom it was handed."""
    monkeypatch.setattr(operations, "_handlers", {})
    monkeypatch.setattr(operations, "_taken_up_at_most", {})
    handed = []
    monkeypatch.setattr(operations, "_hand_over", handed.append)
    operation_handler("test", taken_up=2)(lambda run: {"times": run.parameters["taken_up"]})
    operation = OperationFactory(kind="test", state=OperationState.RUNNING)

    def die():
        Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING)
        with django_capture_on_commit_callbacks(execute=True):
            failed = operations.fail_interrupted()
        operation.refresh_from_db()
        return failed

    return SimpleNamespace(row=operation, die=die, handed=handed)


def test_a_kind_that_can_go_on_is_queued_again_and_handed_over(lasting):
    assert lasting.die() == 0
    assert lasting.row.state == "queued"
    assert lasting.handed == [str(lasting.row.pk)]
    assert "it is taken up again" in lasting.row.log[-1]["text"]
    assert run(lasting.row).result == {"times": 1}


def test_what_brings_its_worker_down_each_time_is_failed_in_the_end(lasting):
    assert [lasting.die() for _time in range(3)] == [0, 0, 1]
    assert lasting.row.state == "failed"
    assert len(lasting.handed) == 2


def test_what_somebody_cancelled_is_not_taken_up(lasting):
    Operation.objects.filter(pk=lasting.row.pk).update(cancel_requested=True)
    assert lasting.die() == 1
    assert lasting.handed == []


def test_an_operation_whose_process_was_killed_is_taken_up_and_no_other(
    lasting, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(worker_signals.connections, "close_all", lambda: None)
    other = OperationFactory(kind="another", state=OperationState.RUNNING)
    lost = {"exception": WorkerLostError("signal 9"), "args": (str(lasting.row.pk),)}
    with django_capture_on_commit_callbacks(execute=True):
        worker_signals.recover_lost(sender=tasks.heartbeat, **lost)
        worker_signals.recover_lost(
            sender=tasks.run_operation, **{**lost, "exception": ValueError("no")}
        )
        assert lasting.handed == []
        worker_signals.recover_lost(sender=tasks.run_operation, **lost)
    lasting.row.refresh_from_db()
    other.refresh_from_db()
    assert (lasting.row.state, other.state) == ("queued", "running")
    assert lasting.handed == [str(lasting.row.pk)]
    worker_signals.recover_lost(
        sender=tasks.run_operation, exception=WorkerLostError(), args=(str(other.pk),)
    )
    other.refresh_from_db()
    assert other.state == "failed"
