"""A retention run: what it takes, in which order, what it leaves alone, and what a restart leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.policies.models import RetentionRule, RetentionRun, TagRule, TagVerdict
from apps.policies.ports import StoredManifest
from apps.policies.selectors.marks import marks_of_policies
from apps.policies.services.retention import (
    finish_interrupted_runs,
    request_run,
    start_due_runs,
)
from apps.registry.adapters.fake import FakeRegistry
from apps.registry.models import Manifest, Tag
from apps.webhooks.models import Webhook
from dce_portal.errors import Conflict
from dce_portal.models import Operation, OperationState
from dce_portal.operations import execute
from dce_portal.origin import PORTAL
from tests.factories.registry import (
    ManifestFactory,
    RepositoryFactory,
    TagFactory,
    digest_of,
    image_info,
)

NOW = timezone.now()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    fake = FakeRegistry()

    @contextmanager
    def opened() -> Iterator[FakeRegistry]:
        yield fake

    monkeypatch.setattr("apps.policies.services.loose.open_registry", opened)
    return fake


@pytest.fixture
def app(team: Any, edit: Any, files: Any, collector: Any, registry: FakeRegistry) -> Any:
    """team/app with the tags 1 and 1-copy of one image, and 2 of another, a day younger."""
    repository = RepositoryFactory(name="team/app", namespace=team)
    old = ManifestFactory(repository=repository)
    new = ManifestFactory(repository=repository)
    for name, manifest, days in (("1", old, 9), ("1-copy", old, 8), ("2", new, 1)):
        at = NOW - timedelta(days=days)
        TagFactory(repository=repository, manifest=manifest, name=name, pushed_at=at)
        edit.tags["team/app", name] = manifest.digest
        registry.put("team/app", image_info(name), tag=name)
    files.stored = (
        StoredManifest(old.digest, 9 * 86_400),
        StoredManifest(new.digest, 86_400),
    )
    return repository


def run(team: Any) -> Operation:
    """One run to its end."""
    operation = request_run(team, origin=PORTAL)
    execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def test_a_tag_goes_and_its_sibling_with_the_image_stays(team: Any, app: Any, edit: Any) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1, keep_matching="1")
    operation = run(team)
    assert operation.state == OperationState.SUCCEEDED, operation.error
    assert edit.asked == ["untag team/app:1-copy"]
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["1", "2"]
    said = " ".join(line["text"] for line in operation.log)
    assert "team/app:1 is kept because it matches 1." in said


def test_webhooks_hear_what_a_run_took(team: Any, app: Any) -> None:
    hook = Webhook.objects.create(name="all", url="https://receiver.test/hook", kinds=["retention"])
    RetentionRule.objects.create(namespace=team, keep_last=1)
    run(team)
    told = hook.deliveries.get().body
    assert (told["repository"], told["data"]["kept"], told["data"]["deleted"]) == ("team", 1, 2)


def test_an_image_goes_with_its_last_tag(team: Any, app: Any, edit: Any, files: Any) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1)
    old = files.stored[0].digest
    assert run(team).result == {"kept": 1, "deleted": 2, "untagged": 1, "left_alone": 0}
    assert edit.asked == ["untag team/app:1-copy", "untag team/app:1", f"delete team/app@{old}"]
    assert not Manifest.objects.filter(digest=old).exists()


def test_platforms_of_an_index_that_stays_are_not_deleted(
    team: Any, app: Any, edit: Any, files: Any
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1, untagged_days=0)
    old, new = (one.digest for one in files.stored)
    files.stored = (StoredManifest(old, 9e5), StoredManifest(new, 9e5, frozenset({old})))
    run(team)
    assert not [one for one in edit.asked if one.startswith("delete")]


def test_what_a_tag_was_moved_to_stays_though_the_catalogue_missed_it(
    team: Any, app: Any, edit: Any, files: Any
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1)
    old = files.stored[0].digest
    edit.tags["team/app", "2"] = old
    run(team)
    assert edit.asked == ["untag team/app:1-copy", "untag team/app:1"]
    assert Manifest.objects.filter(digest=old).exists()


def test_platforms_whose_index_is_still_to_come_stay(
    team: Any, app: Any, edit: Any, files: Any
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=9, untagged_days=0)
    waiting, forgotten = digest_of("a minute old"), digest_of("two hours old")
    files.stored += (StoredManifest(waiting, 60), StoredManifest(forgotten, 7200))
    run(team)
    assert edit.asked == [f"delete team/app@{forgotten}"]


def test_signatures_stay_with_their_image_where_files_are_elsewhere(
    team: Any, app: Any, edit: Any, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.policies.backends.storage", lambda: None)
    RetentionRule.objects.create(namespace=team, keep_last=9, untagged_days=1)
    long_ago = NOW - timedelta(days=5)
    signed = files.stored[0].digest
    ManifestFactory(repository=app, subject_digest=signed, pushed_at=long_ago)
    alone = ManifestFactory(repository=app, pushed_at=long_ago)
    run(team)
    assert edit.asked == [f"delete team/app@{alone.digest}"]


def test_a_tag_that_moved_meanwhile_is_left_alone(team: Any, app: Any, edit: Any) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1)
    edit.tags["team/app", "1"] = "sha256:pushed-since"
    assert run(team).result["left_alone"] == 1
    assert Tag.objects.filter(name="1").exists()


def test_a_repository_with_tags_that_the_catalogue_does_not_know_is_left_alone(
    team: Any, app: Any, edit: Any, registry: FakeRegistry
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1)
    registry.put("team/app", image_info("new"), tag="just-pushed")
    operation = run(team)
    assert operation.result["left_alone"] == 2
    assert edit.asked == []


def test_immutable_tags_stay_and_wear_their_marks(team: Any, app: Any) -> None:
    TagRule.objects.create(namespace=team, tags="1")
    RetentionRule.objects.create(namespace=team, keep_last=1)
    run(team)
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["1", "2"]
    tags = list(Tag.objects.order_by("name"))
    marks = marks_of_policies(tags)
    assert [str(mark.label) for mark in marks[tags[0].pk]] == ["immutable", "kept"]
    assert "it is the last of its repository" in str(marks[tags[1].pk][0].title)


def test_a_cancelled_run_stops_between_tags(
    team: Any, app: Any, edit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1)
    operation = request_run(team, origin=PORTAL)
    untag = edit.untag

    def cancels(repository: str, tag: str) -> None:
        untag(repository, tag)
        Operation.objects.update(cancel_requested=True)

    monkeypatch.setattr(type(edit), "untag", lambda _self, name, tag: cancels(name, tag))
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == OperationState.CANCELLED
    assert RetentionRun.objects.get().state == RetentionRun.State.STOPPED
    assert Tag.objects.count() == 2


def test_a_run_whose_worker_died_ends_what_was_under_way(team: Any, app: Any, edit: Any) -> None:
    operation = Operation.objects.create(kind="retention.run", title="x", state="failed")
    RetentionRun.objects.create(
        namespace=team, operation=operation.pk, under_way={"repository": "team/app", "tag": "1"}
    )
    assert finish_interrupted_runs() == 1
    assert edit.asked == ["finish team/app:1"]
    row = RetentionRun.objects.get()
    assert (row.state, row.under_way) == (RetentionRun.State.STOPPED, {})
    assert finish_interrupted_runs() == 0


def test_nothing_runs_twice_or_without_a_rule(team: Any, app: Any, collector: Any) -> None:
    with pytest.raises(Conflict, match="No retention rule"):
        request_run(team, origin=PORTAL)
    RetentionRule.objects.create(namespace=team, keep_last=1)
    collector.is_closed = True
    with pytest.raises(Conflict, match="read-only"):
        request_run(team, origin=PORTAL)
    collector.is_closed = False
    request_run(team, origin=PORTAL)
    with pytest.raises(Conflict, match="already"):
        request_run(team, origin=PORTAL)


def test_a_nightly_rule_runs_once_a_night(
    team: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=1, schedule="daily")
    monkeypatch.setattr("apps.policies.services.retention.NIGHT_HOUR", 0)
    assert start_due_runs() == 1
    assert start_due_runs() == 0
    RetentionRun.objects.update(started_at=NOW - timedelta(hours=25), state="done")
    assert start_due_runs() == 1


def test_verdicts_are_kept_for_pages(team: Any, app: Any) -> None:
    RetentionRule.objects.create(namespace=team, keep_last=0, younger_than_days=30)
    run(team)
    assert TagVerdict.objects.filter(is_kept=True).count() == 3
