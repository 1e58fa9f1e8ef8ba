"""Runs a namespace's retention rules as an operation: takes tags off, then what nothing leads to any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.policies import backends
from apps.policies.models import RetentionRule, RetentionRun, TagVerdict
from apps.policies.ports import RegistryEditPort
from apps.policies.rules.keeping import Verdict
from apps.policies.rules.words import because
from apps.policies.selectors.retention import RepositoryPlan, plans_for
from apps.policies.services.collecting import UPKEEP
from apps.policies.services.editing import refuse_while_collecting, take_tag
from apps.policies.services.loose import drop_unnamed, stray_tags
from apps.registry.models import Namespace, Repository
from apps.webhooks.services import raise_event
from dce_portal.errors import Conflict
from dce_portal.exclusive import exclusive
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import (
    OperationRun,
    Target,
    operation_handler,
    start_operation,
)
from dce_portal.origin import PORTAL, Origin

log = structlog.get_logger(__name__)

KIND = "retention.run"
MOST_LISTED = 5000
TAGS_A_SAVE = 50
# The verdicts on all of them are kept beside the tags.
TAGS_TOLD = 10
NIGHT_HOUR = 3
EVERY = {
    RetentionRule.Schedule.DAILY: timedelta(hours=20),
    RetentionRule.Schedule.WEEKLY: timedelta(days=6, hours=20),
}


def request_run(namespace: Namespace, *, origin: Origin, is_scheduled: bool = False) -> Operation:
    """Start a run over one namespace; Conflict while another is under way, or without a rule."""
    if not RetentionRule.objects.filter(namespace=namespace, is_enabled=True).exists():
        raise Conflict(_("No retention rule is switched on here, so everything stays."))
    with exclusive(UPKEEP):
        return _start(namespace, origin=origin, is_scheduled=is_scheduled)


def _start(namespace: Namespace, *, origin: Origin, is_scheduled: bool) -> Operation:
    busy = RetentionRun.objects.filter(namespace=namespace, state=RetentionRun.State.RUNNING)
    if busy.exists():
        raise Conflict(_("Retention runs here already; wait until it is done."))
    refuse_while_collecting()
    row = RetentionRun.objects.create(namespace=namespace, is_scheduled=is_scheduled)
    operation = start_operation(
        KIND,
        title=_("Retention in %(name)s") % {"name": namespace.name},
        target=Target("namespace", str(namespace.pk), namespace.name),
        origin=origin,
        parameters={"run": row.pk},
    )
    RetentionRun.objects.filter(pk=row.pk).update(operation=operation.pk)
    return operation


@operation_handler(KIND)
def _run(run: OperationRun) -> Mapping[str, Any]:
    row = RetentionRun.objects.select_related("namespace").get(pk=run.parameters["run"])
    state = RetentionRun.State.STOPPED
    try:
        with backends.open_edit() as port:
            _Round(run, row, port).go()
        state = RetentionRun.State.DONE
    finally:
        row.state, row.finished_at = state, timezone.now()
        row.save()
    result = {
        "kept": row.kept,
        "deleted": row.deleted,
        "untagged": row.untagged,
        "left_alone": row.skipped,
    }
    raise_event("retention", result, repository=row.namespace.name)
    return result


class _Round:
    """One run: repository after repository, each tag looked at once more before it goes."""

    def __init__(self, run: OperationRun, row: RetentionRun, port: RegistryEditPort) -> None:
        self._run, self._row, self._port = run, row, port

    def go(self) -> None:
        total = max(1, Repository.objects.filter(namespace=self._row.namespace).count())
        plans = plans_for(self._row.namespace, now=timezone.now())
        for number, plan in enumerate(plans, start=1):
            self._run.stop_if_cancelled()
            refuse_while_collecting()
            self._repository(plan)
            self._row.save()
            self._run.progress(100 * number // total)

    def _repository(self, plan: RepositoryPlan) -> None:
        _keep_verdicts(plan.verdicts)
        self._row.kept += len(plan.verdicts) - len(plan.going)
        if strays := stray_tags(plan):
            self._row.skipped += len(plan.going)
            self._run.say(
                _("%(name)s was left alone: the catalogue does not know its tags %(tags)s yet.")
                % {"name": plan.repository.name, "tags": ", ".join(strays[:5])}
            )
            return
        taken = [verdict for verdict in plan.going if self._take(plan, verdict)]
        dropped = drop_unnamed(self._port, plan, [verdict.tag.digest for verdict in taken])
        self._row.untagged += len(dropped)
        self._say(plan, taken, dropped)

    def _take(self, plan: RepositoryPlan, verdict: Verdict) -> bool:
        """Take a tag off its manifest, unless it moved since the catalogue heard of it."""
        self._run.stop_if_cancelled()
        repository, tag = plan.repository.name, verdict.tag
        found = self._port.tag_digest(repository, tag.name)
        if found is not None and found != tag.digest:
            self._row.skipped += 1
            return False
        self._note_under_way({"repository": repository, "tag": tag.name})
        take_tag(self._port, repository=repository, tag=tag.name, tag_pk=tag.key)
        self._row.deleted += 1
        self._row.removed = [*self._row.removed, f"{repository}:{tag.name}"][:MOST_LISTED]
        self._note_under_way({})
        if self._row.deleted % TAGS_A_SAVE == 0:
            self._row.save()
        return True

    def _note_under_way(self, what: Mapping[str, str]) -> None:
        self._row.under_way = dict(what)
        self._row.save(update_fields=["under_way"])

    def _say(self, plan: RepositoryPlan, taken: list[Verdict], dropped: list[str]) -> None:
        for verdict in plan.verdicts[:TAGS_TOLD]:
            if verdict.is_kept:
                values = {"tag": f"{plan.repository.name}:{verdict.tag.name}"}
                why = because(verdict.reasons)
                self._run.say(_("%(tag)s is kept because %(why)s.") % {**values, "why": why})
        if taken or dropped:
            self._run.say(
                _("%(name)s: took off %(tags)s tags, deleted %(manifests)s images without a tag.")
                % {
                    "name": plan.repository.name,
                    "tags": len(taken),
                    "manifests": len(dropped),
                }
            )


def _keep_verdicts(verdicts: Iterable[Verdict]) -> None:
    now = timezone.now()
    rows = [
        TagVerdict(
            tag_id=verdict.tag.key,
            is_kept=verdict.is_kept,
            reasons=[[reason.code, reason.value] for reason in verdict.reasons],
            judged_at=now,
        )
        for verdict in verdicts
    ]
    TagVerdict.objects.bulk_create(
        rows,
        500,
        update_conflicts=True,
        unique_fields=["tag"],
        update_fields=["is_kept", "reasons", "judged_at"],
    )


def start_due_runs() -> int:
    """At night, in the portal's time zone, start what is due; returns how many were started."""
    now = timezone.localtime()
    if now.hour < NIGHT_HOUR:
        return 0
    started = 0
    for namespace in _due_namespaces():
        try:
            request_run(namespace, origin=PORTAL, is_scheduled=True)
            started += 1
        except Conflict as error:
            log.info("retention_put_off", namespace=namespace.name, reason=error.message)
    return started


def _due_namespaces() -> list[Namespace]:
    now = timezone.now()
    due: set[int] = set()
    for schedule, every in EVERY.items():
        wanting = RetentionRule.objects.filter(is_enabled=True, schedule=schedule)
        recent = RetentionRun.objects.filter(started_at__gt=now - every, is_scheduled=True)
        due.update(
            wanting.exclude(namespace__in=recent.values("namespace")).values_list(
                "namespace", flat=True
            )
        )
    return list(Namespace.objects.filter(pk__in=due).order_by("name"))


def finish_interrupted_runs() -> int:
    """Runs whose worker died: the tag that was under way is brought to its end; returns how many."""
    going = Operation.objects.exclude(state__in=FINAL_STATES).values("pk")
    stuck = RetentionRun.objects.filter(state=RetentionRun.State.RUNNING).exclude(
        Q(operation__in=going) | Q(operation=None)
    )
    rows = list(stuck)
    for row in rows:
        if row.under_way:
            with backends.open_edit() as port:
                port.finish_untag(row.under_way["repository"], row.under_way["tag"])
        row.state, row.under_way, row.finished_at = RetentionRun.State.STOPPED, {}, timezone.now()
        row.save()
    return len(rows)
