"""Wins back space: measures, makes the registry read-only, collects, restarts, verifies, reports.

The step that comes is written first. A collection whose worker died goes on from the beginning of the step
that it had reached; where it cannot, the switch is undone and the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.policies import backends
from apps.policies.models import Collection, RetentionRun
from apps.policies.models.collection import FINAL_STEPS
from apps.policies.ports import CollectorPort, StoragePort, Swept
from apps.policies.services.verifying import missing_blobs, named_blobs
from apps.registry.services.removing import forget_repositories
from dce_portal.errors import Conflict, PortalError, Unavailable, Unsupported
from dce_portal.exclusive import exclusive
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import (
    OperationCancelled,
    OperationRun,
    Target,
    operation_handler,
    start_operation,
)
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import bytes_human

log = structlog.get_logger(__name__)

KIND = "registry.collect"
# Collections and retention look at each other before they begin.
UPKEEP = "registry upkeep"
# A manifest that passed the switch just before it was turned is with the registry for a moment.
SETTLE_S = 2.0
LINES_A_LOOK = 200
# A registry that brings its worker down each time must not stay read-only.
TAKEN_UP_AT_MOST = 2
Step = Collection.Step
# Steps behind the point from which a collection goes on instead of beginning anew.
AFTER_COLLECTING = (Step.RESTARTING, Step.VERIFYING)


def request_collection(
    *, is_dry_run: bool, origin: Origin, delete_untagged: bool = False
) -> Operation:
    """Start one; Conflict while another is under way."""
    if not backends.is_embedded():
        raise Unsupported(
            _("The registry is not the portal's own; its garbage is collected where it runs.")
        )
    if delete_untagged:
        raise Conflict(_untagged_refused())
    with exclusive(UPKEEP):
        return _start(is_dry_run=is_dry_run, origin=origin)


def _start(*, is_dry_run: bool, origin: Origin) -> Operation:
    if Collection.objects.exclude(step__in=FINAL_STEPS).exists():
        raise Conflict(_("A collection is under way already; wait until it is done."))
    if not is_dry_run and RetentionRun.objects.filter(state=RetentionRun.State.RUNNING).exists():
        raise Conflict(_("Retention is running; collect when it is done, and more is won."))
    row = Collection.objects.create(is_dry_run=is_dry_run, started_by=origin.actor_label)
    operation = start_operation(
        KIND,
        title=_("Estimate the registry's garbage") if is_dry_run else _("Collect garbage"),
        target=Target("collection", str(row.pk), _("registry")),
        origin=origin,
        parameters={"collection": row.pk},
    )
    Collection.objects.filter(pk=row.pk).update(operation=operation.pk)
    return operation


def _untagged_refused() -> str:
    return _(
        "Registry 2.8 would take the platforms out of multi-platform images (--delete-untagged)."
        " Nothing was started. Let a retention rule drop what has no tag; it looks at indexes first."
    )


@operation_handler(KIND, taken_up=TAKEN_UP_AT_MOST)
def _collect(run: OperationRun) -> Mapping[str, Any]:
    row = Collection.objects.get(pk=run.parameters["collection"])
    files = backends.storage()
    if files is None:
        raise Unsupported(_("The registry's files are not on this machine."))
    work = _Work(run, row, backends.collector(), files)
    try:
        work.estimate() if row.is_dry_run else work.collect()
    except OperationCancelled:
        work.end(Step.INTERRUPTED, _("Somebody cancelled it; what was deleted, nothing named."))
        raise
    except PortalError as error:
        work.end(Step.FAILED, error.message)
        raise
    except BaseException:
        work.end(
            Step.FAILED, _("An unexpected error stopped it; the portal's log has the details.")
        )
        raise
    return work.result()


class _Work:
    """One collection under way."""

    def __init__(
        self, run: OperationRun, row: Collection, collector: CollectorPort, files: StoragePort
    ) -> None:
        self._run, self._row, self._collector, self._files = run, row, collector, files
        self._lines = 0

    def estimate(self) -> None:
        """Say what would be won; changes nothing."""
        self._enter(Step.MEASURING, _("Asking the registry's collector what nothing names."), 10)
        self._measure()
        self.end(Step.DONE, "")

    def collect(self) -> None:
        """All steps; of one that is taken up again, the one that was reached and those behind it."""
        reached = Step(self._row.step)
        named = named_blobs()
        if reached == Step.COLLECTING:
            self._take_up(reached)
            self._refuse_named(self._collector.sweep(is_dry_run=True, say=self._say), named)
        elif reached in AFTER_COLLECTING:
            self._take_up(reached)
        else:
            self._prepare(named)
        if reached not in AFTER_COLLECTING:
            self._sweep()
        self._enter(Step.RESTARTING, _("Starting the registry again."), 75)
        self._collector.restart_registry()
        self._enter(Step.VERIFYING, _("Looking whether every image is whole."), 85)
        self._verify(frozenset(self._row.missing_before))
        self.end(Step.DONE, self._row.problem)

    def _prepare(self, named: frozenset[str]) -> None:
        """Read-only, measured, and nothing named among what goes."""
        self._row.missing_before = sorted(missing_blobs(self._files, named))
        self._enter(Step.CLOSING, _("The registry is read-only now; pulls go on."), 5)
        self._close()
        self._enter(Step.MEASURING, _("Measuring what nothing names."), 15)
        self._refuse_named(self._measure(), named)
        self._run.stop_if_cancelled()

    def _take_up(self, reached: Step) -> None:
        """Read-only again: a start of the whole controller may have undone the switch."""
        self._run.say(
            _("It goes on with the step “%(step)s”; the registry is read-only.")
            % {"step": reached.label}
        )
        self._close()

    def _close(self) -> None:
        self._collector.set_read_only(is_on=True)
        self._settle()

    def _sweep(self) -> None:
        self._enter(Step.COLLECTING, _("Deleting it."), 35)
        self._collector.sweep(is_dry_run=False, say=self._say)
        self._remove_repositories()

    def _measure(self) -> Swept:
        swept = self._collector.sweep(is_dry_run=True, say=self._say)
        row = self._row
        row.bytes_before = self._files.total_bytes()
        row.bytes_won = sum(self._files.blob_bytes(digest) or 0 for digest in swept.digests)
        row.blobs_deleted, row.blobs_kept = len(swept.digests), swept.blobs_kept
        row.manifests_kept = swept.manifests_kept
        row.save()
        self._run.say(
            _("%(count)s blobs with %(bytes)s are named by nothing; %(kept)s are kept.")
            % {
                "count": row.blobs_deleted,
                "bytes": bytes_human(row.bytes_won),
                "kept": row.blobs_kept,
            }
        )
        return swept

    def _refuse_named(self, swept: Swept, named: frozenset[str]) -> None:
        """Stop where the collector would delete what an image of the catalogue is made of."""
        if wrong := sorted(set(swept.digests) & named):
            raise Conflict(
                _(
                    "The collector would delete %(count)s blobs that images name, such as"
                    " %(digest)s. Nothing was deleted; run a reconcile first."
                )
                % {"count": len(wrong), "digest": wrong[0]}
            )

    def _remove_repositories(self) -> None:
        names = self._files.empty_repositories()
        for name in names:
            self._files.remove_repository(name)
        self._row.repositories_removed = list(names)
        self._row.save()
        forget_repositories(names)
        if names:
            listed = ", ".join(names[:20])
            self._run.say(_("Removed what was left of deleted repositories: %s.") % listed)

    def _verify(self, missing_before: frozenset[str]) -> None:
        lost = missing_blobs(self._files, named_blobs()) - missing_before
        if lost:
            self._row.problem = _("%(count)s blobs that images name are gone, such as %(one)s.") % {
                "count": len(lost),
                "one": min(lost),
            }
            raise Unavailable(self._row.problem)
        self._run.say(_("Every image is whole."))

    def _settle(self) -> None:
        """Let what the registry is writing at this moment come to its end."""
        import time

        time.sleep(SETTLE_S)

    def _enter(self, step: Step, text: str, percent: int) -> None:
        """Written before the step begins."""
        self._run.stop_if_cancelled()
        self._row.step = step
        self._row.save()
        self._run.say(text)
        self._run.progress(percent)

    def _say(self, _line: str) -> None:
        """The collector says a line for each blob; now and then it is time to look for a cancel."""
        self._lines += 1
        if self._lines % LINES_A_LOOK == 0:
            self._run.stop_if_cancelled()

    def end(self, step: Step, problem: str) -> None:
        """Undo the switch, whatever happened."""
        if not self._row.is_dry_run:
            _open_again(self._collector, self._row)
            self._run.say(_("The registry takes pushes again."))
        self._row.step, self._row.problem = step, problem
        self._row.finished_at = timezone.now()
        self._row.save()

    def result(self) -> Mapping[str, Any]:
        """What came of it."""
        row = self._row
        word = "would_win_bytes" if row.is_dry_run else "won_bytes"
        return {
            word: row.bytes_won,
            "blobs": row.blobs_deleted,
            "kept_blobs": row.blobs_kept,
            "repositories": row.repositories_removed,
        }


def _open_again(collector: CollectorPort, row: Collection) -> None:
    """A collector that was stopped half-way leaves a registry that may remember what is gone."""
    try:
        if row.step in (Step.COLLECTING, Step.RESTARTING):
            collector.restart_registry()
    except PortalError as error:
        log.warning("registry_not_restarted", reason=error.message)
    finally:
        collector.set_read_only(is_on=False)


def put_right() -> int:
    """End collections whose worker is gone, and open a registry that nobody collects; returns how many."""
    if not backends.is_embedded():
        return 0
    collector = backends.collector()
    dead = _dead_collections()
    for row in dead:
        _put_right(row, collector)
    unfinished = Collection.objects.exclude(step__in=FINAL_STEPS)
    if collector.is_read_only() and not unfinished.exists():
        log.warning("read_only_without_collection")
        collector.set_read_only(is_on=False)
    return len(dead)


def _dead_collections() -> list[Collection]:
    going = Operation.objects.exclude(state__in=FINAL_STATES).values("pk")
    rows = Collection.objects.exclude(step__in=FINAL_STEPS)
    return list(rows.exclude(operation__in=going).exclude(operation=None))


def _put_right(row: Collection, collector: CollectorPort) -> None:
    step = Step(row.step)
    if not row.is_dry_run:
        _open_again(collector, row)
    sentence = _(
        "The controller ended during the step “%(step)s”. The registry takes pushes again, and"
        " nothing that an image names was deleted; collect once more to win the rest."
    ) % {"step": step.label}
    row.step, row.problem, row.finished_at = Step.INTERRUPTED, sentence, timezone.now()
    row.save()
    operation = Operation.objects.filter(pk__in=[row.operation]).first()
    if operation is not None:
        OperationRun(operation).say(sentence)
    log.warning("collection_interrupted", collection=row.pk, step=str(step))
