"""`/internal/registry/events`, and what becomes of the events."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.registry import tasks, views
from apps.registry.adapters.fake import FakeRegistry
from apps.registry.models import Manifest, PullDay, RegistryEvent, Repository, Tag
from apps.registry.selectors import MOST_ATTEMPTS
from apps.registry.services.inbox import apply_waiting, drop_old_events
from dce_portal import secret_files
from tests.factories.registry import digest_of, image_info, index_info

pytestmark = pytest.mark.django_db
ADDRESS = "/internal/registry/events"
DOCKER = "docker/28.2"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(views.apply_events, "apply_async", lambda **options: None)


@pytest.fixture
def send(client):
    """Deliver events with the key that the launcher made."""
    key = secret_files.read_secret(settings.PATHS.secrets, secret_files.EVENT_KEY)

    def deliver(*events, body=None):
        content = json.dumps({"events": events}) if body is None else body
        headers = {"Authorization": f"Bearer {key}"}
        return client.post(ADDRESS, content, content_type="application/json", headers=headers)

    return deliver


def event(action, info=None, *, number=1, repository="team/app", method="PUT", **more):
    """One event as the registry sends it; `more` goes to the target."""
    target = {"repository": repository, **more}
    if info is not None:
        target |= {"mediaType": info.media_type, "digest": info.digest}
    return {
        "id": f"event-{number}",
        "timestamp": timezone.now().isoformat(),
        "action": action,
        "target": target,
        "request": {"method": method, "useragent": DOCKER},
        "actor": {"name": "alice"},
    }


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}]
)
def test_strangers_are_refused(client, headers):
    response = client.post(ADDRESS, "{}", content_type="application/json", headers=headers)
    assert response.status_code == 401
    assert not RegistryEvent.objects.exists()


def test_a_signed_in_outsider_is_refused_too(signed_in, mallory):
    assert (
        signed_in(mallory).post(ADDRESS, "{}", content_type="application/json").status_code == 401
    )


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"events": 3}', "\x00", '{"events": [{"id": 1}, {}]}']
)
def test_nonsense_is_stored_and_answered_well(send, body):
    assert send(body=body).status_code == 202
    assert RegistryEvent.objects.exists()
    apply_waiting(None)
    assert not RegistryEvent.objects.filter(applied_at=None).exists()
    assert RegistryEvent.objects.exclude(problem="").exists()


def test_a_delivery_beyond_the_limit_is_answered_well(send, monkeypatch):
    monkeypatch.setattr(views, "DELIVERY_LIMIT_BYTES", 10)
    assert send(body="x" * 11).status_code == 202


def test_a_push_fills_the_catalogue(send, team, registry):
    info = image_info()
    registry.put("team/app", info, tag="v1")
    send(event("push", info, tag="v1"))
    tasks.apply_events()
    tag = Tag.objects.get()
    assert str(tag) == "team/app:v1"
    assert tag.pushed_by == "alice"
    assert tag.manifest.size_bytes == 1100
    assert tag.manifest.platforms == ["linux/amd64"]
    assert tag.manifest.layers[0]["size_bytes"] == 1000
    assert tag.repository.namespace == team
    assert tag.repository.last_pushed_at is not None


def test_the_same_event_twice_counts_once(send, team, registry):
    info = image_info()
    registry.put("team/app", info, tag="v1")
    send(event("push", info, tag="v1"))
    pull = event("pull", info, number=2, method="GET")
    for _again in range(3):
        send(pull)
        tasks.apply_events()
    assert RegistryEvent.objects.count() == 2
    assert Repository.objects.get().pull_count == 1
    assert Manifest.objects.get().last_pulled_at is not None


def test_asking_first_is_no_pull(send, team, registry):
    info = image_info()
    registry.put("team/app", info, tag="v1")
    send(event("push", info), event("pull", info, number=2, method="HEAD"))
    tasks.apply_events()
    assert Repository.objects.get().pull_count == 0


def test_the_portals_own_reads_are_not_kept(send):
    own = event("pull", image_info(), method="GET")
    own["actor"], own["request"]["useragent"] = {"name": "portal"}, "dce-portal"
    assert send(own).status_code == 202
    assert not RegistryEvent.objects.exists()


def test_an_index_is_its_platforms_together(send, team, registry):
    images = [
        image_info("a"),
        image_info("b", platform="linux/arm64/v8"),
        image_info("c", platform="unknown/unknown"),
    ]
    index = index_info(*images)
    for info in (*images, index):
        registry.put("team/app", info, tag="v1" if info is index else None)
    send(event("push", images[0]), event("push", index, number=2, tag="v1"))
    tasks.apply_events()
    manifest = Tag.objects.get().manifest
    assert manifest.size_bytes == 3300
    assert manifest.platforms == ["linux/amd64", "linux/arm64/v8"]
    assert Manifest.objects.count() == 4


def test_tags_move_and_a_late_event_does_not_move_them_back(send, team, registry):
    old, new = image_info("old"), image_info("new")
    for info in (old, new):
        registry.put("team/app", info, tag="v1")
    late = event("push", old, number=2, tag="v1")
    late["timestamp"] = (timezone.now() - timedelta(hours=1)).isoformat()
    send(event("push", new, tag="v1"), late)
    tasks.apply_events()
    assert Tag.objects.get().manifest.digest == new.digest


def test_deletions(send, team, registry):
    kept, gone = image_info("kept"), image_info("gone")
    registry.put("team/app", kept, tag="v1")
    registry.put("team/app", gone, tag="v2")
    send(
        event("push", kept, tag="v1"),
        event("push", gone, number=2, tag="v2"),
        event("push", kept, number=3, tag="v3"),
    )
    tasks.apply_events()
    send(event("delete", number=4, digest=gone.digest), event("delete", number=5, tag="v3"))
    tasks.apply_events()
    assert list(Tag.objects.values_list("name", flat=True)) == ["v1"]
    assert Manifest.objects.get().digest == kept.digest


def test_layers_change_nothing(send, team, registry):
    blob = {"mediaType": "application/octet-stream", "digest": digest_of("layer")}
    send(event("push", **blob), event("mount", number=2, fromRepository="open/app", **blob))
    tasks.apply_events()
    assert not Repository.objects.exists()
    assert registry.asked == []


def test_an_unknown_namespace_is_marked(send, registry):
    registry.put("nowhere/app", image_info(), tag="v1")
    send(event("push", image_info(), repository="nowhere/app", tag="v1"))
    tasks.apply_events()
    assert "nowhere/app" in RegistryEvent.objects.get().problem
    assert not Repository.objects.exists()


def test_what_is_gone_meanwhile_is_marked_and_not_retried(send, team, registry):
    send(event("push", image_info(), tag="v1"))
    tasks.apply_events()
    assert RegistryEvent.objects.get().applied_at is not None
    assert RegistryEvent.objects.get().problem
    assert not Tag.objects.exists()


def test_a_registry_that_is_away_is_asked_again_a_bounded_number_of_times(send, team, registry):
    registry.put("team/app", image_info(), tag="v1")
    registry.is_down = True
    send(event("push", image_info(), tag="v1"), event("pull", image_info(), number=2, method="GET"))
    tasks.apply_events()
    assert list(RegistryEvent.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0]
    registry.is_down = False
    tasks.apply_events()
    assert Tag.objects.get().repository.pull_count == 1
    assert not RegistryEvent.objects.exclude(problem="").exists()


def test_attempts_end(send, team, registry):
    registry.is_down = True
    send(event("push", image_info(), tag="v1"))
    for _again in range(MOST_ATTEMPTS + 5):
        tasks.apply_events()
    assert RegistryEvent.objects.get().attempts == MOST_ATTEMPTS
    assert RegistryEvent.objects.get().problem


def test_old_events_are_dropped(send):
    send(event("push"))
    assert drop_old_events() == 0
    RegistryEvent.objects.update(received_at=timezone.now() - timedelta(days=31))
    assert drop_old_events() == 1


def test_a_broken_event_holds_back_no_other(send, team, registry, monkeypatch):
    good, bad = image_info("good"), image_info("bad")
    for info in (good, bad):
        registry.put("team/app", info, tag="v1")
    asked = registry.manifest

    def manifest(repository, *, digest):
        if digest == bad.digest:
            raise KeyError(digest)
        return asked(repository, digest=digest)

    monkeypatch.setattr(
        FakeRegistry, "manifest", lambda _self, *args, **more: manifest(*args, **more)
    )
    send(event("push", bad, tag="v0"), event("push", good, number=2, tag="v1"))
    send(event("pull", good, number=3, method="GET"))
    apply_waiting(registry)
    assert Tag.objects.get().name == "v1"
    waiting = RegistryEvent.objects.get(applied_at=None)
    assert waiting.event_id == "event-1"
    assert "KeyError" in waiting.problem
    assert Repository.objects.get().pull_count == 1


def test_a_late_event_of_a_repository_that_was_deleted_brings_it_not_back(send, team, registry):
    info = image_info()
    send(event("push", info, tag="v1"))
    apply_waiting(registry)
    assert not Repository.objects.exists()
    assert RegistryEvent.objects.exclude(applied_at=None).exclude(problem="").count() == 1


def test_a_burst_in_any_order_loses_nothing(send, team, registry):
    info = image_info()
    registry.put("team/app", info, tag="v1")
    pulls = [event("pull", info, number=n, method="GET") for n in range(2, 252)]
    send(event("push", info, tag="v1"), *reversed(pulls))
    send(*pulls)
    while apply_waiting(registry):
        pass
    assert Repository.objects.get().pull_count == 250
    assert PullDay.objects.get(digest=info.digest).pulls == 250
    assert not RegistryEvent.objects.filter(applied_at=None).exists()
