"""Tags that were pushed are kept until they were carried, and hold no schedule back."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.replication import backends
from apps.replication.models import PushedTag, ReplicationRule
from apps.replication.ports import Place
from apps.replication.services import listening, running
from apps.webhooks.services import raise_event
from dce_portal.errors import Unavailable
from dce_portal.models import Operation, OperationState
from dce_portal.operations import execute
from dce_portal.origin import PORTAL
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory

pytestmark = pytest.mark.django_db


class Remote:
    """A registry that holds nothing."""

    def digest_of(self, repository, tag):
        return None


class Copier:
    """Copies what it is not told to fail at."""

    def __init__(self):
        self.fails, self.asked = set(), []

    def copy(self, job, *, is_wanted):
        self.asked.append(job.source_name)
        if job.source_name in self.fails:
            raise Unavailable("no room")


@pytest.fixture
def copier(monkeypatch):
    found = Copier()

    @contextmanager
    def remote_of(_remote):
        yield Remote()

    @contextmanager
    def own_place(_takes_manifest=None):
        yield Place(host="door")

    monkeypatch.setattr(backends, "remote_of", remote_of)
    monkeypatch.setattr(backends, "own_place", own_place)
    monkeypatch.setattr(backends, "copier", lambda: found)
    return found


@pytest.fixture
def rule(remote):
    repository = RepositoryFactory(name="team/app")
    for tag in ("1", "2"):
        manifest = ManifestFactory(repository=repository)
        TagFactory(repository=repository, manifest=manifest, name=tag)
    return ReplicationRule.objects.create(
        name="out", remote=remote, direction="push", repositories="team/*", on_push=True
    )


def push(*tags):
    for tag in tags:
        raise_event("push", {"tag": tag}, repository="team/app")


def waiting():
    return sorted(PushedTag.objects.values_list("tag", flat=True))


def run():
    """What beat's tick starts, to its end; False where nothing was due."""
    if not listening.start_due():
        return False
    execute(str(Operation.objects.get(state=OperationState.QUEUED).pk))
    return True


def test_a_pushed_tag_waits_until_it_was_carried(rule, copier):
    push("1", "2")
    copier.fails = {"team/app:2"}
    assert run()
    assert waiting() == ["2"]
    assert not run(), "what failed has a pause"
    PushedTag.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    copier.fails = set()
    assert run()
    assert waiting() == []
    assert copier.asked == ["team/app:1", "team/app:2", "team/app:2"]


def test_pauses_grow_and_keep_no_new_tag_back(rule, copier):
    push("2")
    copier.fails = {"team/app:2"}
    pauses = []
    for _number in range(3):
        PushedTag.objects.update(next_at=None)
        assert run()
        pauses.append(PushedTag.objects.get().next_at - timezone.now())
    assert pauses[0] < pauses[1] < pauses[2] <= timedelta(hours=1)
    push("1")
    assert run()
    assert (copier.asked[-1], waiting()) == ("team/app:1", ["2"])


def test_nothing_is_lost_when_the_run_itself_fails(rule, copier, monkeypatch):
    def away(_remote):
        raise Unavailable("away")

    monkeypatch.setattr(backends, "remote_of", away)
    push("1")
    assert run()
    assert waiting() == ["1"]
    assert PushedTag.objects.get().next_at > timezone.now()


def test_a_worker_that_died_loses_nothing(rule, copier):
    push("1")
    assert listening.start_due() == 1
    Operation.objects.update(state=OperationState.FAILED)
    assert waiting() == ["1"]
    assert listening.start_due() == 0, "the pause begins when the run does"


def test_a_push_while_its_tag_is_carried_is_carried_again(rule, copier):
    push("1")
    assert listening.start_due() == 1
    push("1")
    execute(str(Operation.objects.get(state=OperationState.QUEUED).pk))
    assert waiting() == ["1"]
    assert run()
    assert waiting() == []


def test_a_tag_that_is_gone_meanwhile_waits_no_more(rule, copier):
    push("gone")
    assert run()
    assert waiting() == []


def test_a_tag_by_hand_moves_no_schedule(rule, copier):
    """A rule that is pushed to every hour would never come to its nightly whole run."""
    running.start_rule(rule, origin=PORTAL, only=[["team/app", "1"]])
    rule.refresh_from_db()
    assert (rule.last_started_at is None, rule.last_whole_at) == (False, None)
    Operation.objects.update(state=OperationState.SUCCEEDED)
    running.start_rule(rule, origin=PORTAL)
    rule.refresh_from_db()
    assert rule.last_whole_at is not None
