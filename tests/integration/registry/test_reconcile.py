"""The catalogue compared with the registry itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.registry import tasks
from apps.registry.models import Manifest, Repository, Tag
from apps.registry.selectors import blobs_of_namespace
from apps.registry.services.reconcile import reconcile
from apps.registry.services.sizes import refresh_sizes
from dce_portal.errors import Unavailable
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory, image_info

pytestmark = pytest.mark.django_db


@pytest.fixture
def past():
    """Before the reconcile began: what is newer is never judged."""
    return timezone.now() - timedelta(hours=1)


def test_fills_what_events_missed(team, registry):
    registry.put("team/app", image_info(), tag="v1")
    registry.put("nowhere/app", image_info(), tag="v1")
    assert reconcile(registry).filled_tags == 1
    assert Tag.objects.get().manifest.is_complete
    assert reconcile(registry).filled_tags == 0


def test_moves_tags_and_completes_manifests_but_keeps_a_known_pusher(team, registry, past):
    info = image_info()
    repository = RepositoryFactory(name="team/app")
    unread = ManifestFactory(
        repository=repository, digest=info.digest, is_complete=False, size_bytes=0
    )
    TagFactory(repository=repository, manifest=unread, name="v1", pushed_at=past)
    TagFactory(repository=repository, name="v2", pushed_at=past)
    registry.put("team/app", info, tag="v1")
    registry.put("team/app", info, tag="v2")
    reconcile(registry)
    assert Manifest.objects.get(digest=info.digest).size_bytes == 1100
    assert Tag.objects.get(name="v1").pushed_by == "alice"
    assert Tag.objects.get(name="v2").manifest == unread


def test_marks_what_is_gone_and_takes_it_back(team, registry, past):
    info = image_info()
    registry.put("team/app", info, tag="v1")
    reconcile(registry)
    Tag.objects.update(pushed_at=past)
    registry.drop_tag("team/app", tag="v1")
    assert reconcile(registry).missing_tags == 1
    assert Tag.objects.get().missing_since is not None
    registry.put("team/app", info, tag="v1")
    reconcile(registry)
    assert Tag.objects.get().missing_since is None


def test_marks_repositories(team, registry, past):
    RepositoryFactory(name="team/gone", created_at=past)
    assert reconcile(registry).missing_repositories == 1
    assert Repository.objects.get().missing_since is not None


@pytest.fixture
def untagged(team, registry):
    """Manifests of two hours ago: an index with a tag, its platform, and one by itself; sizes are reckoned."""
    long_ago = timezone.now() - timedelta(hours=2)
    one, child, index = image_info("alone"), image_info("child"), image_info("index")
    for info in (one, child, index):
        registry.put("team/app", info, tag=info.digest[-6:])
    reconcile(registry)
    Tag.objects.exclude(manifest__digest=index.digest).delete()
    for info in (one, child):
        registry.drop_tag("team/app", tag=info.digest[-6:])
    by_digest = {row.digest: row for row in Manifest.objects.all()}
    by_digest[index.digest].children.add(by_digest[child.digest])
    Manifest.objects.update(pushed_at=long_ago)
    refresh_sizes()
    return one


def test_a_deletion_that_no_event_told_of_frees_its_space(team, registry, untagged):
    before = Repository.objects.get().stored_bytes
    del registry.manifests["team/app"][untagged.digest]
    reconcile(registry)
    assert [row.digest for row in Manifest.objects.filter(missing_since__isnull=False)] == [
        untagged.digest
    ]
    refresh_sizes()
    assert Repository.objects.get().stored_bytes < before
    assert untagged.digest not in dict(blobs_of_namespace(team.pk))


def test_what_is_pushed_again_counts_again(team, registry, untagged):
    before = Repository.objects.get().stored_bytes
    Manifest.objects.filter(digest=untagged.digest).update(missing_since=timezone.now())
    registry.put("team/app", untagged, tag="again")
    reconcile(registry)
    refresh_sizes()
    assert not Manifest.objects.filter(missing_since__isnull=False).exists()
    assert Repository.objects.get().stored_bytes == before


def test_platforms_and_pushes_under_way_are_not_asked_for(team, registry, untagged):
    RepositoryFactory(name="team/new")
    ManifestFactory(repository=Repository.objects.get(name="team/new"))
    registry.put("team/new", image_info("other"), tag="1")
    registry.asked.clear()
    reconcile(registry)
    asked = [one for one in registry.asked if one.startswith("digest") and "sha256:" in one]
    assert asked == [f"digest team/app:{untagged.digest}"]


def test_what_was_pushed_meanwhile_is_not_judged(team, registry):
    TagFactory(
        repository=RepositoryFactory(name="team/new"),
        pushed_at=timezone.now() + timedelta(seconds=5),
    )
    reconcile(registry)
    assert Tag.objects.get().missing_since is None


def test_refuses_when_too_much_would_vanish(team, registry, past):
    repository = RepositoryFactory(name="team/app", created_at=past)
    TagFactory.create_batch(10, repository=repository, pushed_at=past)
    registry.put("team/app", image_info(), tag="new")
    report = reconcile(registry)
    assert report.is_doubtful
    assert Tag.objects.filter(missing_since=None).count() == 11


def test_a_registry_that_fails_changes_nothing(team, registry, past):
    RepositoryFactory(name="team/app", created_at=past)
    registry.is_down = True
    with pytest.raises(Unavailable):
        reconcile(registry)
    tasks.reconcile_catalogue()
    assert Repository.objects.get().missing_since is None
