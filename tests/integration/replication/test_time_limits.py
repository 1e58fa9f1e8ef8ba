"""Runs that would never end: a copy that stalls, and a worker that died."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.replication.ports import Place
from apps.replication.services import carrying, running
from apps.replication.services.carrying import Way, carry
from apps.replication.services.plans import Item
from dce_portal import operations
from dce_portal.errors import Unavailable
from dce_portal.models import Operation, OperationState
from dce_portal.operations import OperationRun, Target, start_operation
from dce_portal.origin import PORTAL

pytestmark = pytest.mark.django_db
PLACE = Place(host="x.test")
ITEMS = [Item("team/app", "team/app", tag) for tag in ("1", "2", "3")]


def begun() -> Operation:
    target = Target("replicationrule", "1", "out")
    row = start_operation(running.RUN, title="Replicate", target=target, origin=PORTAL)
    Operation.objects.filter(pk=row.pk).update(
        state=OperationState.RUNNING, started_at=timezone.now()
    )
    row.refresh_from_db()
    return row


class StalledCopier:
    """Copies the first image, and gets no further with the second until nobody wants it."""

    def __init__(self, on_stall):
        self.asked, self._on_stall = [], on_stall

    def copy(self, job, *, is_wanted):
        self.asked.append(job.source_name)
        if job.source_name == "team/app:1":
            return
        self._on_stall()
        assert not is_wanted(), "it would go on for ever"
        raise Unavailable("ended")


def test_a_copy_that_stalls_ends_with_the_run(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(carrying.time, "monotonic", lambda: clock[0])
    stall = StalledCopier(lambda: clock.__setitem__(0, carrying.LONGEST_RUN_S + 1))
    run = OperationRun(begun())
    tally = carry(run, Way(PLACE, PLACE, stall, lambda item: False), ITEMS)
    assert stall.asked == ["team/app:1", "team/app:2"]
    assert (tally.copied, tally.failed, tally.left) == (["team/app:1"], [], 2)
    assert "✗ team/app:2: ended" in [line["text"] for line in run.operation.log]


def test_a_person_who_cancels_a_stalled_copy_has_cancelled_the_run():
    row = begun()
    cancelled = Operation.objects.filter(pk=row.pk)
    stall = StalledCopier(lambda: cancelled.update(cancel_requested=True))
    with pytest.raises(operations.OperationCancelled):
        carry(OperationRun(row), Way(PLACE, PLACE, stall, lambda item: False), ITEMS)


def test_a_run_whose_worker_died_does_not_hold_the_others_for_ever():
    """A child of the worker's that was killed tells nobody; the worker itself goes on."""
    row = begun()
    assert operations.fail_overdue() == 0
    assert running.is_busy()
    longest = timedelta(seconds=running.LONGEST_OPERATION_S + 1)
    Operation.objects.filter(pk=row.pk).update(started_at=timezone.now() - longest)
    assert operations.fail_overdue() == 1
    row.refresh_from_db()
    assert (row.state, running.is_busy()) == ("failed", False)
    assert "start it again" in row.error


def test_an_image_that_was_not_fetched_whole_is_not_audited_as_fetched(monkeypatch, remote):
    from apps.accounts.models import AuditEvent
    from apps.replication import backends
    from apps.replication.models import CacheNamespace
    from apps.replication.services import on_demand
    from tests.factories.registry import NamespaceFactory

    class Remote:
        def digest_of(self, repository, tag):
            return "sha256:1"

    class Stalled:
        def copy(self, job, *, is_wanted):
            raise Unavailable("ended")

    @contextmanager
    def opened(*_arguments):
        yield Remote()

    CacheNamespace.objects.create(namespace=NamespaceFactory(name="hub"), remote=remote)
    monkeypatch.setattr(backends, "remote_of", opened)
    monkeypatch.setattr(backends, "own_place", opened)
    monkeypatch.setattr(backends, "copier", Stalled)
    with pytest.raises(on_demand.NotFetched) as refusal:
        on_demand.fetch_missing("hub/tools/jq", "2", address=None)
    assert (refusal.value.status, refusal.value.code) == (503, "UNAVAILABLE")
    assert not AuditEvent.objects.filter(action="cachenamespace.fetch").exists()
