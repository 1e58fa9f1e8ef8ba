"""Starts a rule's run as an Operation, and carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.registry.selectors import namespace_names
from apps.registry.services import own_registry
from apps.replication import backends
from apps.replication.models import ReplicationRule
from apps.replication.ports import LONGEST_RUN_S
from apps.replication.services import pushed
from apps.replication.services.arriving import Upstream
from apps.replication.services.carrying import Tally, Way, carry
from apps.replication.services.plans import Item, admitted, here, pulled_items, pushed_items, there
from apps.webhooks.services import raise_event
from dce_portal.errors import Conflict, InvalidInput, NotFound, PortalError, Unavailable
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import (
    OperationCancelled,
    OperationRun,
    Target,
    operation_handler,
    start_operation,
)
from dce_portal.origin import Origin

RUN: Final = "replication.run"
FETCH: Final = "replication.fetch"
KINDS: Final = (RUN, FETCH)
SHOWN_FAILED: Final = 20
# A run ends itself before; what is still there then has lost its worker.
LONGEST_OPERATION_S: Final = LONGEST_RUN_S + 1200

Outcome = ReplicationRule.Outcome
Direction = ReplicationRule.Direction


def is_busy() -> bool:
    """Whether a run waits or is under way; they take turns, so that the worker has hands left."""
    return Operation.objects.filter(kind__in=KINDS).exclude(state__in=FINAL_STATES).exists()


@transaction.atomic
def start_rule(
    rule: ReplicationRule, *, origin: Origin, only: list[list[str]] | None = None
) -> Operation:
    """Carry what the rule means, or just these of its tags (repository and tag)."""
    if is_busy():
        raise Conflict(_("Another replication is under way; start this one when it is over."))
    _check_place(rule)
    operation = start_operation(
        RUN,
        title=_("Replicate by the rule %(name)s") % {"name": rule.name},
        target=Target("replicationrule", str(rule.pk), rule.name),
        origin=origin,
        parameters={"rule": rule.pk, "only": only},
    )
    # Just some of its tags are no run of its schedule.
    started = ("last_started_at", "last_whole_at") if only is None else ("last_started_at",)
    now = timezone.now()
    ReplicationRule.objects.filter(pk=rule.pk).update(**dict.fromkeys(started, now))
    return operation


def _check_place(rule: ReplicationRule) -> None:
    """What comes here needs a namespace that exists."""
    if rule.direction == Direction.PULL and rule.prefix:
        namespace = rule.prefix.partition("/")[0]
        if namespace not in namespace_names():
            sentence = _("There is no namespace %(name)s here; create it first.")
            raise InvalidInput(sentence % {"name": namespace}, field="prefix")


@operation_handler(RUN, within_s=LONGEST_OPERATION_S)
def run_rule(run: OperationRun) -> Mapping[str, Any]:
    """Carry out one run, and note on the rule how it ended."""
    rule = (
        ReplicationRule.objects.select_related("remote").filter(pk=run.parameters["rule"]).first()
    )
    if rule is None:
        raise NotFound(_("The rule is gone; nothing was copied."))
    given = run.parameters.get("only")
    only = None if given is None else frozenset((name, tag) for name, tag in given)
    try:
        with _way(rule, only) as (way, items):
            tally = carry(run, way, items)
    except OperationCancelled:
        _note(rule, Outcome.PARTLY, _("It was cancelled."))
        raise
    except PortalError as error:
        _note(rule, Outcome.FAILED, error.message)
        raise
    if rule.direction == Direction.PUSH:
        still_open = {(item.source, item.tag) for item in tally.still_open}
        pushed.settle(rule, only, still_open=still_open)
    return _conclude(rule, tally)


@contextmanager
def _way(
    rule: ReplicationRule, only: frozenset[tuple[str, str]] | None
) -> Iterator[tuple[Way, Iterator[Item]]]:
    upstream = Upstream(backends.place_of(rule.remote), backends.copier())
    theirs, copier = upstream.place, upstream.copier
    with (
        backends.remote_of(rule.remote) as remote,
        backends.own_place(upstream.weighed.takes) as own,
    ):
        if rule.direction == Direction.PUSH:
            way = Way(own, theirs, copier, lambda item: there(remote, item))
            yield way, pushed_items(rule, only)
            return
        with own_registry() as registry:
            way = Way(
                theirs,
                own,
                copier,
                lambda item: here(remote, registry, item),
                lambda item: admitted(upstream, registry, item),
            )
            yield way, pulled_items(rule, remote, host=theirs.host)


def _conclude(rule: ReplicationRule, tally: Tally) -> Mapping[str, Any]:
    result = counts_of(tally)
    said = said_of(tally)
    is_whole = not tally.failed and not tally.left
    _note(rule, Outcome.DONE if is_whole else Outcome.PARTLY, said)
    raise_event("replication", {**result, "rule": rule.name, "failed_tags": tally.failed[:50]})
    refuse_failures(tally, said)
    return result


def counts_of(tally: Tally) -> dict[str, Any]:
    """How many of what."""
    return {
        "copied": len(tally.copied),
        "already_there": len(tally.skipped),
        "failed": len(tally.failed),
        "left": tally.left,
    }


def said_of(tally: Tally) -> str:
    """The same in a sentence."""
    text = _("%(copied)d copied, %(already_there)d already there, %(failed)d failed.")
    return text % counts_of(tally)


def refuse_failures(tally: Tally, said: str) -> None:
    """An operation in which a tag failed has failed; what was copied stays."""
    if tally.failed:
        names = ", ".join(tally.failed[:SHOWN_FAILED])
        raise Unavailable(f"{said} {names}")


def _note(rule: ReplicationRule, outcome: str, said: str) -> None:
    ReplicationRule.objects.filter(pk=rule.pk).update(last_outcome=outcome, last_said=said)
