"""Garbage collection step by step, what stops it, and what a restart finds."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from apps.policies.models import Collection, RetentionRun
from apps.policies.services import collecting
from apps.policies.services.collecting import put_right, request_collection
from apps.registry.models import Repository
from dce_portal.errors import Conflict, Unavailable, Unsupported
from dce_portal.models import Operation, OperationState
from dce_portal.operations import execute, fail_interrupted
from dce_portal.origin import PORTAL
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory, digest_of

GARBAGE = digest_of("garbage")
OTHER_GARBAGE = digest_of("other garbage")


@pytest.fixture
def held(team: Any, files: Any, collector: Any) -> Any:
    """A tagged image, and a blob that nothing names."""
    repository = RepositoryFactory(name="team/app", namespace=team)
    manifest = ManifestFactory(
        repository=repository,
        config_digest=digest_of("config"),
        layers=[{"digest": digest_of("layer"), "size_bytes": 100}],
    )
    TagFactory(repository=repository, manifest=manifest, name="1")
    files.blobs = {
        manifest.digest: 10,
        digest_of("config"): 20,
        digest_of("layer"): 100,
        GARBAGE: 1000,
    }
    collector.garbage = (GARBAGE,)
    return manifest


def run(*, is_dry_run: bool = False) -> tuple[Operation, Collection]:
    """One collection to its end."""
    operation = request_collection(is_dry_run=is_dry_run, origin=PORTAL)
    execute(str(operation.pk))
    operation.refresh_from_db()
    return operation, Collection.objects.get()


def test_an_estimate_changes_nothing(held: Any, collector: Any, files: Any) -> None:
    operation, row = run(is_dry_run=True)
    assert operation.state == OperationState.SUCCEEDED, operation.error
    assert collector.asked == ["dry run"]
    assert (row.step, row.bytes_won, row.bytes_before) == ("done", 1000, 1130)
    assert GARBAGE in files.blobs


def test_a_collection_takes_its_steps_in_order(held: Any, collector: Any, files: Any) -> None:
    RepositoryFactory(name="team/gone", namespace=held.repository.namespace)
    files.empty = ("team/gone",)
    operation, row = run()
    assert operation.state == OperationState.SUCCEEDED, operation.error
    assert collector.asked == ["close", "dry run", "sweep", "restart", "open"]
    assert (row.step, row.bytes_won, row.repositories_removed) == ("done", 1000, ["team/gone"])
    assert files.removed == ["team/gone"]
    assert sorted(Repository.objects.values_list("name", flat=True)) == ["team/app"]
    assert GARBAGE not in files.blobs


def test_a_collection_that_cannot_be_started_leaves_no_trace(
    held: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_kind: object, **_about: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr("apps.policies.services.collecting.start_operation", fail)
    with pytest.raises(DatabaseError):
        request_collection(is_dry_run=False, origin=PORTAL)
    assert not Collection.objects.exists()


def test_what_an_image_names_is_never_deleted(held: Any, collector: Any) -> None:
    collector.garbage = (GARBAGE, digest_of("layer"))
    operation, row = run()
    assert operation.state == OperationState.FAILED
    assert "1 blobs that images name" in operation.error
    assert "sweep" not in collector.asked
    assert not collector.is_closed
    assert row.step == "failed"


def test_a_collector_that_fails_leaves_an_open_registry(held: Any, collector: Any) -> None:
    collector.problem = Unavailable("The disk is full.")
    operation, row = run()
    assert operation.error == "The disk is full."
    assert collector.asked[-2:] == ["restart", "open"]
    assert (row.step, row.problem) == ("failed", "The disk is full.")


def test_a_blob_that_is_lost_on_the_way_is_told(
    held: Any, collector: Any, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses(_self: object) -> None:
        files.blobs.pop(digest_of("layer"), None)

    monkeypatch.setattr(type(collector), "restart_registry", loses)
    operation, row = run()
    assert operation.state == OperationState.FAILED
    assert "1 blobs that images name are gone" in row.problem
    assert not collector.is_closed


@pytest.mark.parametrize("step", ["closing", "measuring", "collecting", "restarting", "verifying"])
def test_a_restart_in_any_step_opens_the_registry_and_says_so(
    held: Any, collector: Any, step: str
) -> None:
    operation = Operation.objects.create(kind="registry.collect", title="x", state="failed")
    Collection.objects.create(operation=operation.pk, step=step)
    collector.is_closed = True
    assert put_right() == 1
    assert not collector.is_closed
    assert ("restart" in collector.asked) is (step in {"collecting", "restarting"})
    row = Collection.objects.get()
    assert row.step == "interrupted"
    assert "takes pushes again" in row.problem
    operation.refresh_from_db()
    assert operation.log[-1]["text"] == row.problem
    assert put_right() == 0


class WorkerDied(SystemExit):
    """As far as the rows are concerned: nothing was written after it."""


def dies_in(step: str, collector: Any, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """A collection whose worker is gone since that step began; half of what goes is deleted by then."""
    operation = request_collection(is_dry_run=False, origin=PORTAL)

    def enter(work: Any, entered: str, *about: Any) -> None:
        really(work, entered, *about)
        if entered == step:
            raise WorkerDied

    really = collecting._Work._enter
    with monkeypatch.context() as patch:
        patch.setattr(collecting._Work, "_enter", enter)
        patch.setattr(collecting._Work, "end", lambda *_about: None)
        with pytest.raises(WorkerDied):
            execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == OperationState.RUNNING
    if step == "collecting":
        collector.files.blobs.pop(GARBAGE)
        collector.garbage = (OTHER_GARBAGE,)
    collector.asked.clear()
    return operation


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        ("closing", ["close", "dry run", "sweep", "restart", "open"]),
        ("measuring", ["close", "dry run", "sweep", "restart", "open"]),
        ("collecting", ["close", "dry run", "sweep", "restart", "open"]),
        ("restarting", ["close", "restart", "open"]),
        ("verifying", ["close", "restart", "open"]),
    ],
)
def test_a_collection_whose_worker_died_goes_on_by_itself(
    held: Any,
    collector: Any,
    files: Any,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    asked: list[str],
) -> None:
    files.blobs[OTHER_GARBAGE] = 500
    collector.garbage = (GARBAGE, OTHER_GARBAGE)
    operation = dies_in(step, collector, monkeypatch)
    # The switch may be gone: the whole controller was started again.
    collector.is_closed = False
    assert fail_interrupted() == 0
    assert put_right() == 0
    execute(str(operation.pk))
    operation.refresh_from_db()
    row = Collection.objects.get()
    assert (operation.state, operation.error) == ("succeeded", "")
    assert (row.step, row.bytes_won, row.blobs_deleted) == ("done", 1500, 2)
    assert collector.asked == asked
    assert not collector.is_closed
    if "sweep" in asked:
        assert not {GARBAGE, OTHER_GARBAGE} & set(files.blobs)
    told = [line["text"] for line in operation.log]
    assert any("taken up again" in line for line in told)
    assert any("goes on with the step" in line for line in told) == (
        step in {"collecting", "restarting", "verifying"}
    )


def test_what_was_lost_before_the_worker_died_is_told_after_it(
    held: Any, collector: Any, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was missing is remembered from before, not looked up again when half is deleted."""
    operation = dies_in("collecting", collector, monkeypatch)
    files.blobs.pop(digest_of("layer"))
    fail_interrupted()
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == "failed"
    assert "1 blobs that images name are gone" in operation.error
    assert not collector.is_closed


def test_what_an_image_names_by_now_is_not_deleted_when_it_goes_on(
    held: Any, collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = dies_in("collecting", collector, monkeypatch)
    collector.garbage = (digest_of("layer"),)
    fail_interrupted()
    execute(str(operation.pk))
    operation.refresh_from_db()
    assert "blobs that images name" in operation.error
    assert "sweep" not in collector.asked
    assert Collection.objects.get().step == "failed"
    assert not collector.is_closed


def test_one_that_runs_is_left_alone(held: Any, collector: Any) -> None:
    operation = Operation.objects.create(kind="registry.collect", title="x", state="running")
    Collection.objects.create(operation=operation.pk, step="collecting")
    collector.is_closed = True
    assert put_right() == 0
    assert collector.is_closed


def test_a_switch_that_nobody_turned_is_turned_back(collector: Any, db: None) -> None:
    collector.is_closed = True
    put_right()
    assert not collector.is_closed


def test_what_is_refused(held: Any, settings: Any, team: Any) -> None:
    with pytest.raises(Conflict, match="--delete-untagged"):
        request_collection(is_dry_run=False, origin=PORTAL, delete_untagged=True)
    retention = RetentionRun.objects.create(namespace=team)
    with pytest.raises(Conflict, match="Retention is running"):
        request_collection(is_dry_run=False, origin=PORTAL)
    retention.delete()
    request_collection(is_dry_run=True, origin=PORTAL)
    with pytest.raises(Conflict, match="under way already"):
        request_collection(is_dry_run=False, origin=PORTAL)
    settings.REGISTRY_URL = "http://registry.example"
    with pytest.raises(Unsupported):
        request_collection(is_dry_run=True, origin=PORTAL)
