"""Replication between two real registries by skopeo: whole, idempotent, told tag by tag, cancelled cleanly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.registry.services import own_registry
from apps.replication.backends import remote_of
from apps.replication.models import CacheNamespace, PushedTag, ReplicationRule
from apps.replication.services import caching, listening, running
from apps.replication.services.rules import save_rule
from apps.webhooks.services import raise_event
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.models import Operation, OperationState
from dce_portal.operations import execute, request_cancel
from dce_portal.origin import PORTAL
from tests.factories.registry import (
    ManifestFactory,
    NamespaceFactory,
    RepositoryFactory,
    TagFactory,
    digest_of,
)
from tests.integration.replication.conftest import copy_layout

pytestmark = [pytest.mark.django_db, pytest.mark.registry]


def rule_of(remote, **values):
    facts = {"name": "out", "remote": remote, "direction": "push", "repositories": "team/*"}
    return save_rule(ReplicationRule(), {**facts, **values}, origin=PORTAL)


def catalogued(repository, tag, digest):
    """The row that the push's event makes."""
    from apps.registry.models import Repository

    row = Repository.objects.filter(name=repository).first() or RepositoryFactory(name=repository)
    known = row.manifests.filter(digest=digest).first()
    manifest = known or ManifestFactory(repository=row, digest=digest)
    return TagFactory(repository=row, manifest=manifest, name=tag)


def carried_out(operation):
    execute(str(operation.pk))
    operation.refresh_from_db()
    return operation


def lines(operation):
    return [entry["text"] for entry in operation.log]


def test_tags_go_whole_to_the_other_registry_and_a_second_run_copies_nothing(push_here, remote):
    digests = {tag: push_here("team/app", tag) for tag in ("1.0", "1.1", "dev")}
    for tag, digest in digests.items():
        catalogued("team/app", tag, digest)
    rule = rule_of(remote, tags="1.*", prefix="mirror")
    first = carried_out(running.start_rule(rule, origin=PORTAL))
    assert (first.state, first.error) == ("succeeded", "")
    assert first.result == {"copied": 2, "already_there": 0, "failed": 0, "left": 0}
    assert "✓ mirror/team/app:1.0: copied" in lines(first)
    with remote_of(remote) as there:
        assert there.digest_of("mirror/team/app", "1.0") == digests["1.0"]
        assert there.digest_of("mirror/team/app", "dev") is None
        assert set(there.tags("mirror/team/app")) == {"1.0", "1.1"}
        assert "mirror/team/app" in list(there.repositories())
    second = carried_out(running.start_rule(rule, origin=PORTAL))
    assert second.result == {"copied": 0, "already_there": 2, "failed": 0, "left": 0}
    assert "Already there: mirror/team/app:1.0, mirror/team/app:1.1" in lines(second)
    rule.refresh_from_db()
    assert rule.last_outcome == "done"


def test_images_come_from_the_other_registry_with_the_same_digest(own, remote, second, tmp_path):
    from apps.replication.backends import place_of
    from apps.replication.ports import CopyJob, Place
    from tests.e2e.oci_layout import write_index

    digest = write_index(tmp_path / "up", platforms=("amd64", "arm64"))
    copy_layout(tmp_path / "up", CopyJob(Place(host=""), "", place_of(remote), "tools/jq:2"))
    NamespaceFactory(name="from-there")
    rule = rule_of(remote, name="in", direction="pull", repositories="tools/*", prefix="from-there")
    done = carried_out(running.start_rule(rule, origin=PORTAL))
    assert (done.state, done.result["copied"]) == ("succeeded", 1), (done.error, done.log)
    with own_registry() as registry:
        assert registry.digest_of("from-there/tools/jq", tag="2") == digest
    again = carried_out(running.start_rule(rule, origin=PORTAL))
    assert again.result["already_there"] == 1
    # The same as a cache namespace, on demand.
    cache = CacheNamespace(namespace=NamespaceFactory(name="hub"), remote=remote)
    caching.save_cache(cache, {}, origin=PORTAL)
    fetched = carried_out(caching.start_fetch(cache, "tools/jq:2", origin=PORTAL))
    assert (fetched.state, fetched.result["copied"]) == ("succeeded", 1), fetched.log
    with own_registry() as registry:
        assert registry.digest_of("hub/tools/jq", tag="2") == digest


def test_what_comes_moves_no_immutable_tag(own, remote, tmp_path):
    from apps.policies.models import TagRule
    from apps.replication.backends import place_of
    from apps.replication.ports import CopyJob, Place
    from tests.e2e.oci_layout import write_index

    namespace = NamespaceFactory(name="from-there")
    TagRule.objects.create(namespace=namespace, tags="2", kind="immutable")
    rule = rule_of(remote, name="in", direction="pull", repositories="tools/*", prefix="from-there")
    digests = []
    for number, platforms in enumerate((("amd64", "arm64"), ("amd64",))):
        layout = tmp_path / str(number)
        digests.append(write_index(layout, platforms=platforms))
        copy_layout(layout, CopyJob(Place(host=""), "", place_of(remote), "tools/jq:2"))
        done = carried_out(running.start_rule(rule, origin=PORTAL))
    assert digests[0] != digests[1]
    assert any("the tag 2 is immutable" in line for line in lines(done))
    with own_registry() as registry:
        assert registry.digest_of("from-there/tools/jq", tag="2") == digests[0]


def test_a_tag_that_fails_is_named_and_keeps_no_other(push_here, remote):
    catalogued("team/good", "1", push_here("team/good", "1"))
    catalogued("team/gone", "1", digest_of("never pushed"))
    rule = rule_of(remote)
    done = carried_out(running.start_rule(rule, origin=PORTAL))
    assert done.state == "failed"
    assert "team/gone:1" in done.error
    assert "✓ team/good:1: copied" in lines(done)
    rule.refresh_from_db()
    assert rule.last_outcome == "partly"


def test_a_wrong_password_is_told_and_not_logged(push_here, remote):
    from apps.replication.services.rules import save_remote

    catalogued("team/app", "1", push_here("team/app", "1"))
    save_remote(remote, {}, secret="another secret altogether", origin=PORTAL)
    done = carried_out(running.start_rule(rule_of(remote), origin=PORTAL))
    assert done.state == "failed"
    assert "status 401" in " ".join(lines(done))
    assert "another secret" not in str(done.log) + done.error


def test_a_run_that_is_cancelled_stops(push_here, remote):
    catalogued("team/app", "1", push_here("team/app", "1"))
    rule = rule_of(remote)
    operation = running.start_rule(rule, origin=PORTAL)
    Operation.objects.filter(pk=operation.pk).update(cancel_requested=True)
    assert carried_out(operation).state == "cancelled"
    rule.refresh_from_db()
    assert rule.last_said == "It was cancelled."


def test_runs_take_turns(remote):
    rule = rule_of(remote)
    first = running.start_rule(rule, origin=PORTAL)
    with pytest.raises(Conflict):
        running.start_rule(rule, origin=PORTAL)
    assert listening.start_due() == 0
    request_cancel(first)
    assert Operation.objects.get(pk=first.pk).state == OperationState.CANCELLED
    running.start_rule(rule, origin=PORTAL)


def test_a_push_starts_the_rules_that_mean_it(remote):
    rule = rule_of(remote, tags="v*", on_push=True)
    for repository, tag in (("team/app", "v1"), ("team/app", "dev"), ("other/app", "v1")):
        raise_event("push", {"tag": tag}, repository=repository)
    raise_event("push", {"tag": "v1"}, repository="team/app")
    raise_event("delete", {"tag": "v2"}, repository="team/app")
    assert [(one.repository, one.tag) for one in PushedTag.objects.all()] == [("team/app", "v1")]
    assert listening.start_due() == 1
    operation = Operation.objects.get(kind="replication.run", target_id=rule.pk)
    assert operation.parameters["only"] == [["team/app", "v1"]]
    assert PushedTag.objects.get().next_at > timezone.now()


def test_a_schedule_starts_a_rule_once(remote):
    rule = rule_of(remote, every_minutes=60)
    assert listening.start_due() == 1
    Operation.objects.update(state=OperationState.SUCCEEDED)
    assert listening.start_due() == 0
    ReplicationRule.objects.update(last_whole_at=timezone.now() - timedelta(minutes=61))
    assert listening.start_due() == 1
    Operation.objects.update(state=OperationState.SUCCEEDED)
    ReplicationRule.objects.update(
        last_whole_at=timezone.now() - timedelta(minutes=61), is_active=False
    )
    assert listening.start_due() == 0
    assert rule.name == "out"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"cron": "never"}, "cron"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 3 * * *", "every_minutes": 10}, "cron"),
        ({"repositories": "  "}, "repositories"),
        ({"direction": "pull", "on_push": True}, "on_push"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(remote, values, field):
    with pytest.raises(InvalidInput) as refusal:
        rule_of(remote, **values)
    assert refusal.value.field == field


def test_what_comes_needs_a_namespace(remote):
    rule = rule_of(remote, direction="pull", prefix="nowhere")
    with pytest.raises(InvalidInput):
        running.start_rule(rule, origin=PORTAL)


def test_a_cache_namespace_is_refreshed_when_its_time_has_come(remote):
    cache = CacheNamespace(namespace=NamespaceFactory(name="hub"), remote=remote)
    caching.save_cache(cache, {"refresh_minutes": 60}, origin=PORTAL)
    assert not caching.start_due_refresh()
    CacheNamespace.objects.update(refreshed_at=timezone.now() - timedelta(minutes=61))
    assert caching.start_due_refresh()
    assert Operation.objects.get().parameters == {"cache": cache.pk}
