"""Operations: start one, run it in a worker, and follow it live.

A service registers what a kind of operation does with `@operation_handler("node.update")`;
pages and the API call a service, which calls `start_operation`. Its row is written in the
caller's transaction and handed to the worker after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import structlog
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from dce_portal import live
from dce_portal.errors import PortalError
from dce_portal.models import FINAL_STATES, Operation, OperationState
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.db.models import QuerySet

log = structlog.get_logger(__name__)

operation_requested = Signal()
operation_finished = Signal()

LONGEST_LOG_LINES = 2000
WAITING_TOO_LONG = timedelta(seconds=60)
# A large registry's garbage takes hours; whatever else is started has limits of its own.
OPERATION_LIMIT_S = 4 * 3600
ONE_RETRY = {"max_retries": 1, "interval_start": 0}


class OperationCancelled(Exception):
    """Raised inside a handler at the next safe point after a person asked to cancel."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an operation or an audit entry is about."""

    kind: str
    id: str
    label: str


@dataclass(slots=True)
class OperationRun:
    """What a handler is given: its parameters, and ways to say how far it is."""

    operation: Operation

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values that the service stored when it started the operation."""
        parameters: dict[str, Any] = self.operation.parameters
        return parameters

    def say(self, text: str) -> None:
        """Add a line to the log that people follow live."""
        line = {"at": timezone.now().isoformat(), "text": text}
        self.operation.log = [*self.operation.log, line][-LONGEST_LOG_LINES:]
        self.operation.save(update_fields=["log"])
        announce(self.operation)

    def progress(self, percent: int) -> None:
        """Show how much is done, 0–100."""
        self.operation.progress_percent = max(0, min(100, percent))
        self.operation.save(update_fields=["progress_percent"])
        announce(self.operation)

    def stop_if_cancelled(self) -> None:
        """Raise OperationCancelled when a person asked to stop; call it where stopping is safe."""
        if Operation.objects.filter(pk=self.operation.pk, cancel_requested=True).exists():
            raise OperationCancelled


Handler = Callable[[OperationRun], Mapping[str, Any] | None]
_handlers: dict[str, Handler] = {}
_limits_s: dict[str, float] = {}
_taken_up_at_most: dict[str, int] = {}
TAKEN_UP = "taken_up"


def operation_handler(
    kind: str, *, within_s: float = OPERATION_LIMIT_S, taken_up: int = 0
) -> Callable[[Handler], Handler]:
    """Register the function that carries out operations of this kind, each of which is over by then.

    One whose worker died is carried out again up to `taken_up` times, by a handler that knows how far it was.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        _limits_s[kind] = within_s
        _taken_up_at_most[kind] = taken_up
        return handler

    return register


def start_operation(
    kind: str,
    *,
    title: str,
    target: Target,
    origin: Origin,
    parameters: Mapping[str, Any] | None = None,
) -> Operation:
    """Write the operation's row and hand it to a worker once the transaction commits."""
    operation = Operation.objects.create(
        kind=kind,
        title=title,
        actor=cast("Any", origin.actor),
        actor_label=origin.actor_label,
        address=origin.address or "",
        credential=origin.credential,
        target_kind=target.kind,
        target_id=target.id,
        target_label=target.label,
        parameters=dict(parameters or {}),
    )
    operation_requested.send(Operation, operation=operation)
    # When the broker is away the row stays queued, and hand_over_waiting sends it again.
    transaction.on_commit(lambda: _hand_over(str(operation.pk)), robust=True)
    return operation


def hand_over_waiting() -> int:
    """Hand operations over again that no worker took in time; returns how many. Doing so twice does no harm."""
    since = timezone.now() - WAITING_TOO_LONG
    waiting = Operation.objects.filter(state=OperationState.QUEUED, created_at__lt=since)
    operation_ids = [str(pk) for pk in waiting.values_list("pk", flat=True)]
    for operation_id in operation_ids:
        _hand_over(operation_id)
    return len(operation_ids)


def _hand_over(operation_id: str) -> None:
    from dce_portal.tasks import run_operation

    # One retry, for a connection that broke meanwhile: a person waits for the answer.
    run_operation.apply_async(
        args=(operation_id,), expires=WAITING_TOO_LONG.total_seconds(), retry_policy=ONE_RETRY
    )


def request_cancel(operation: Operation) -> bool:
    """Ask a running operation to stop, or end a queued one; False when it is over already."""
    queued = Operation.objects.filter(pk=operation.pk, state=OperationState.QUEUED)
    if queued.update(state=OperationState.CANCELLED, finished_at=timezone.now()):
        operation.refresh_from_db()
        _conclude(operation)
        return True
    running = Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING)
    asked = bool(running.update(cancel_requested=True))
    if asked:
        operation.refresh_from_db()
        announce(operation)
    return asked


def execute(operation_id: str) -> None:
    """Run a queued operation to its end; does nothing when another worker took it first."""
    taken = Operation.objects.filter(pk=operation_id, state=OperationState.QUEUED)
    if not taken.update(state=OperationState.RUNNING, started_at=timezone.now()):
        return
    operation = Operation.objects.get(pk=operation_id)
    announce(operation)
    _run_handler(operation)
    _finish(operation)


def _run_handler(operation: Operation) -> None:
    try:
        operation.result = dict(_handlers[operation.kind](OperationRun(operation)) or {})
        operation.state = OperationState.SUCCEEDED
    except OperationCancelled:
        operation.state = OperationState.CANCELLED
    except PortalError as error:
        operation.state, operation.error = OperationState.FAILED, error.message
    except Exception:
        log.exception("operation_failed", operation=str(operation.pk), kind=operation.kind)
        operation.state = OperationState.FAILED
        operation.error = _(
            "An unexpected error stopped this operation. The portal's log has the details."
        )


def _finish(operation: Operation) -> None:
    """Write the end once: an operation that somebody ended meanwhile keeps that end."""
    operation.finished_at = timezone.now()
    running = Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING)
    ended = running.update(
        state=operation.state,
        result=operation.result,
        error=operation.error,
        finished_at=operation.finished_at,
    )
    if ended:
        _conclude(operation)


def _conclude(operation: Operation) -> None:
    announce(operation)
    operation_finished.send(Operation, operation=operation)


def fail_interrupted() -> int:
    """Mark operations whose worker died as failed; returns how many. Called when the one worker starts.

    Those that can go on are queued again.
    """
    return _take_up_or_fail(Operation.objects.filter(state=OperationState.RUNNING))


def lose(operation_id: str) -> None:
    """The process that carried it out was killed, and the worker lives."""
    running = Operation.objects.filter(state=OperationState.RUNNING)
    _take_up_or_fail(running.filter(pk=operation_id))


def _take_up_or_fail(running: QuerySet[Operation]) -> int:
    for operation in running:
        _take_up(operation)
    said = _(
        "The worker was restarted while this operation ran. Look at what it changed, then start it again."
    )
    return _fail(running.all(), said)


def _take_up(operation: Operation) -> None:
    """Queue it again where its kind knows how to go on; what brought two workers down is left."""
    times = operation.parameters.get(TAKEN_UP, 0)
    if times >= _taken_up_at_most.get(operation.kind, 0) or operation.cancel_requested:
        return
    parameters = {**operation.parameters, TAKEN_UP: times + 1}
    running = Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING)
    if running.update(state=OperationState.QUEUED, started_at=None, parameters=parameters):
        operation.refresh_from_db()
        OperationRun(operation).say(
            _("The worker was restarted while this operation ran; it is taken up again.")
        )
        transaction.on_commit(lambda: _hand_over(str(operation.pk)), robust=True)


def fail_overdue() -> int:
    """Mark operations as failed that run for longer than they can; returns how many.

    Should nobody have heard that its process was killed, an operation would run for good.
    """
    said = _(
        "This operation did not end in time; its worker may have died. Look at what it changed, then start it again."
    )
    running = Operation.objects.filter(state=OperationState.RUNNING)
    now = timezone.now()
    return sum(
        _fail(running.filter(kind=kind, started_at__lt=now - timedelta(seconds=limit_s)), said)
        for kind, limit_s in _limits_s.items()
    )


def _fail(stuck: QuerySet[Operation], said: str) -> int:
    operations = list(stuck)
    for operation in operations:
        operation.state, operation.error = OperationState.FAILED, said
        _finish(operation)
    return len(operations)


def operations_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Operation]:
    """Everybody's for those who may view operations, else a person's own."""
    operations = Operation.objects.all()
    if cast("Any", user).has_perm("portal.view_operation"):
        return operations
    return operations.filter(actor_id=user.pk) if user.pk else operations.none()


def may_watch(user: AbstractBaseUser | AnonymousUser, ref: str) -> bool:
    """Whether the person may follow the operation with this id live."""
    try:
        key = UUID(ref)
    except ValueError:
        return False
    return operations_visible_to(user).filter(pk=key).exists()


def may_cancel(user: AbstractBaseUser | AnonymousUser, operation: Operation) -> bool:
    """Whoever started it may, and whoever may change operations."""
    is_own = operation.actor_id is not None and operation.actor_id == user.pk
    return is_own or bool(cast("Any", user).has_perm("portal.change_operation"))


def announce(operation: Operation) -> None:
    """Send the operation's present state to the pages that show it."""
    live.publish(f"operation:{operation.pk}", as_frame(operation))


def as_frame(operation: Operation) -> dict[str, Any]:
    """The part of an operation that its page redraws."""
    return {
        "id": str(operation.pk),
        "state": operation.state,
        "progress_percent": operation.progress_percent,
        "log": operation.log[-200:],
        "error": operation.error,
        "result": operation.result,
        "is_final": operation.state in FINAL_STATES,
        "cancel_requested": operation.cancel_requested,
    }
