"""The guard as nginx asks it: what it refuses, in which form, and what it lets through."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from redis.exceptions import RedisError

from apps.accounts.models import AuditEvent
from apps.policies.models import ImageRule, NamespaceBlob, NotedPush, Quota, TagRule
from apps.policies.services.quotas import recount
from apps.registry.key_files import REGISTRY_LEEWAY_S
from apps.registry.models import RegistryEvent
from apps.webhooks.models import Webhook
from tests.factories.registry import (
    IMAGE,
    INDEX,
    ManifestFactory,
    RepositoryFactory,
    TagFactory,
    digest_of,
)

ON = "@guarded"
CONFIG = "application/vnd.oci.image.config.v1+json"


def image(*layers: int, text: str = "one") -> bytes:
    """A manifest with layers of these sizes and a configuration of 10 bytes."""
    entries = [
        {"mediaType": "x/y", "digest": digest_of(f"{text} {n}"), "size": size}
        for n, size in enumerate(layers)
    ]
    config = {"mediaType": "x/y", "digest": digest_of(f"config {text}"), "size": 10}
    document = {"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": entries}
    return json.dumps(document).encode()


@pytest.fixture
def ask(client: Client, token_for: Any, edit: Any, files: Any, team: Any) -> Any:
    """Asks as nginx does; returns the refusal's sentence, or None when the request goes on."""

    def go(
        person: str,
        reference: str,
        body: bytes = b"",
        *,
        method: str = "PUT",
        repository: str = "team/app",
        header: str | None = None,
    ) -> str | None:
        known = (
            header
            if header is not None
            else token_for(person, repository, "pull", "push", "delete")
        )
        answer = client.generic(
            method,
            "/internal/registry/guard",
            body,
            content_type=IMAGE,
            headers={
                "Authorization": known,
                "X-Guarded-Path": f"/v2/{repository}/manifests/{reference}",
            },
        )
        if answer.headers.get("X-Accel-Redirect") == ON:
            assert answer.content == b""
            return None
        (error,) = answer.json()["errors"]
        assert set(error) == {"code", "message"}
        return f"{answer.status_code} {error['code']} {error['message']}"

    return go


def test_without_rules_everything_goes_on(ask: Any) -> None:
    assert ask("alice", "v1", b"whatever") is None


def test_immutable_means_the_very_same_manifest(ask: Any, edit: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, repositories="app", tags="v*")
    assert ask("alice", "v1", image(5)) is None
    edit.tags["team/app", "v1"] = f"sha256:{hashlib.sha256(image(5)).hexdigest()}"
    assert ask("alice", "v1", image(5)) is None
    refused = ask("alice", "v1", image(6))
    assert (
        refused == "403 DENIED the tag v1 is immutable and exists already; push under another tag"
    )
    assert ask("alice", "v1", image(6), repository="team/other") is None
    entry = AuditEvent.objects.get(action="registry.refuse")
    assert (entry.actor_label, entry.target_label, entry.result) == (
        "alice",
        "team/app:v1",
        "denied",
    )


def test_a_rule_without_namespace_holds_everywhere(ask: Any, edit: Any) -> None:
    TagRule.objects.create(tags="v*")
    edit.tags["team/app", "v1"] = digest_of("other")
    assert "immutable" in ask("alice", "v1", image(5))


def test_roles_are_those_of_the_person_not_of_the_token(ask: Any, edit: Any, team: Any) -> None:
    TagRule.objects.create(
        namespace=team, kind="protected", tags="*", who_creates="writer", who_overwrites="owner"
    )
    edit.tags["team/app", "v1"] = digest_of("other")
    assert "needs the role owner" in ask("bob", "v1", image(5))
    assert ask("bob", "v2", image(5)) is None
    assert ask("alice", "v1", image(5)) is None


def test_a_robot_counts_by_what_its_token_allows(ask: Any, token_for: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, kind="protected", tags="*", who_creates="maintainer")
    pushes = token_for("robot-ci", "team/app", "pull", "push")
    deletes = token_for("robot-ci", "team/app", "delete", "pull", "push")
    assert "needs the role maintainer" in ask("", "v1", image(5), header=pushes)
    assert ask("", "v1", image(5), header=deletes) is None


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic YTpi"])
def test_without_a_good_token_the_registry_answers_itself(ask: Any, team: Any, header: str) -> None:
    TagRule.objects.create(namespace=team, kind="protected", tags="*", who_creates="nobody")
    assert ask("alice", "v1", image(5), header=header) is None


def test_mallorys_token_for_elsewhere_learns_nothing(ask: Any, token_for: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, kind="protected", tags="*", who_creates="nobody")
    elsewhere = token_for("mallory", "other/app", "pull", "push")
    assert ask("mallory", "v1", image(5), header=elsewhere) is None
    assert not AuditEvent.objects.filter(action="registry.refuse").exists()


@pytest.mark.parametrize(
    "repository", ["team/x/../app", "team//app", "Team/App", "team/%2e%2e/app"]
)
def test_a_path_that_could_mean_another_repository_is_refused(ask: Any, repository: str) -> None:
    assert "NAME_INVALID" in ask("alice", "v1", image(5), repository=repository)


def test_deleting_a_digest_looks_at_every_tag_of_it(ask: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, tags="v*")
    tag = TagFactory(repository=RepositoryFactory(name="team/app", namespace=team), name="v1")
    assert "v1 is immutable" in ask("alice", tag.manifest.digest, method="DELETE")
    assert ask("alice", digest_of("untagged"), method="DELETE") is None


def test_deleting_a_platform_looks_at_the_tags_of_its_index(ask: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, tags="v*")
    repository = RepositoryFactory(name="team/app", namespace=team)
    tag, platform = TagFactory(repository=repository, name="v1"), digest_of("arm64")
    tag.manifest.children.add(ManifestFactory(repository=repository, digest=platform))
    assert "v1 is immutable" in ask("alice", platform, method="DELETE")


def test_a_token_that_the_registry_still_takes_is_looked_at(
    ask: Any, edit: Any, token_for: Any, team: Any
) -> None:
    TagRule.objects.create(namespace=team, tags="v*")
    edit.tags["team/app", "v1"] = digest_of("other")
    life = timedelta(seconds=settings.REGISTRY_TOKEN_LIFE_S + REGISTRY_LEEWAY_S)
    with time_machine.travel(datetime.now(UTC) - life):
        old = token_for("alice", "team/app", "pull", "push")
    assert "immutable" in ask("alice", "v1", image(5), header=old)


def test_of_two_that_make_the_same_tag_at_once_the_first_has_it(ask: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, tags="v*")
    assert ask("alice", "v1", image(5)) is None
    assert "somebody else is pushing this tag" in ask("bob", "v1", image(6))
    assert ask("alice", "v1", image(5)) is None


def test_a_push_goes_on_while_redis_is_away(
    ask: Any, team: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_anything: object) -> None:
        raise RedisError("away")

    TagRule.objects.create(namespace=team, tags="v*")
    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.add", away)
    assert ask("alice", "v1", image(5)) is None


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"OS": "linux", "Architecture": "s390x", "ROOTFS": {}}, "images for linux/s390x"),
        ({}, "images for an unnamed platform"),
    ],
)
def test_an_image_does_not_pass_for_something_else(
    ask: Any, edit: Any, team: Any, config: dict[str, Any], why: str
) -> None:
    ImageRule.objects.create(namespace=team, platforms="linux/amd64")
    edit.configs[digest_of("config one")] = config
    body = image(5).replace(
        b'{"mediaType": "x/y", "digest": "%s"' % digest_of("config one").encode(),
        b'{"mediaType": "%s", "digest": "%s"' % (CONFIG.encode(), digest_of("config one").encode()),
    )
    assert CONFIG.encode() in body
    assert why in ask("alice", "1", body)


def test_a_push_that_the_catalogue_did_not_take_in_yet_counts(ask: Any, team: Any) -> None:
    TagRule.objects.create(namespace=team, tags="v*")
    digest = digest_of("just pushed")
    body = {"target": {"digest": digest, "tag": "v7"}}
    RegistryEvent.objects.create(event_id="e", action="push", repository_name="team/app", body=body)
    assert "v7 is immutable" in ask("alice", digest, method="DELETE")


def test_platform_and_size_are_read_where_they_are(
    ask: Any, edit: Any, files: Any, team: Any
) -> None:
    ImageRule.objects.create(namespace=team, platforms="linux/amd64", most_bytes=100)
    edit.configs[digest_of("config one")] = {"os": "linux", "architecture": "arm64", "rootfs": {}}
    assert "images for linux/arm64 are not allowed" in ask("alice", "1", image(5))
    edit.configs[digest_of("config one")] = {"os": "linux", "architecture": "amd64", "rootfs": {}}
    assert ask("alice", "1", image(5)) is None
    files.blobs[digest_of("one 0")] = 5000
    assert "at most 100 B" in ask("alice", "1", image(5)), "what a manifest declares may be wrong"


def test_a_chart_has_no_platform_and_passes(ask: Any, edit: Any, team: Any) -> None:
    ImageRule.objects.create(namespace=team, platforms="linux/amd64")
    edit.configs[digest_of("config one")] = {"name": "chart", "version": "1"}
    assert ask("alice", "1", image(5)) is None


def test_an_index_may_not_name_other_platforms(ask: Any, team: Any) -> None:
    ImageRule.objects.create(namespace=team, platforms="linux/amd64")
    entries = [
        {
            "mediaType": IMAGE,
            "digest": digest_of(arch),
            "size": 1,
            "platform": {"os": "linux", "architecture": arch},
        }
        for arch in ("amd64", "s390x")
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    assert "linux/s390x" in ask("alice", "1", body)


def test_what_is_no_manifest_is_said_to_be_none(ask: Any, team: Any) -> None:
    ImageRule.objects.create(namespace=team, most_bytes=1)
    assert ask("alice", "1", b"{").startswith("400 MANIFEST_INVALID the manifest cannot be read")


def test_a_quota_counts_shared_layers_once_and_holds_back_what_does_not_fit(
    ask: Any, team: Any
) -> None:
    quota = Quota.objects.create(namespace=team, most_bytes=2000)
    assert ask("alice", "1", image(1000)) is None
    quota.refresh_from_db()
    own = len(image(1000))
    assert quota.used_bytes == 1000 + 10 + own
    assert ask("alice", "2", image(1000), repository="team/other") is None
    quota.refresh_from_db()
    assert quota.used_bytes == 1000 + 10 + own, "the same blobs in another repository"
    refused = ask("alice", "3", image(1000, text="two"))
    assert "the namespace team holds" in refused


def test_webhooks_hear_of_a_quota_that_is_reached(ask: Any, team: Any) -> None:
    hook = Webhook.objects.create(name="all", url="https://receiver.test/hook", kinds=["quota"])
    Quota.objects.create(namespace=team, most_bytes=100)
    assert ask("alice", "3", image(1000)) is not None
    told = hook.deliveries.get().body
    assert (told["event"], told["repository"]) == ("quota", "team/app")
    assert told["data"] | {"reason": ""} == {"reference": "3", "who": "alice", "reason": ""}


def test_what_never_came_is_given_back_and_what_came_is_kept(ask: Any, team: Any) -> None:
    quota = Quota.objects.create(namespace=team, most_bytes=10_000, most_tags=5)
    assert ask("alice", "1", image(1000)) is None
    assert NotedPush.objects.count() == 1
    long_ago = "2026-01-01T00:00:00Z"
    NamespaceBlob.objects.update(noted_at=long_ago)
    NotedPush.objects.update(at=long_ago)
    manifest = ManifestFactory(
        repository=RepositoryFactory(name="team/app", namespace=team),
        config_digest=digest_of("config"),
        size_bytes=700,
        manifest_bytes=50,
        layers=[{"digest": digest_of("layer"), "size_bytes": 600}],
    )
    assert recount(quota)
    quota.refresh_from_db()
    assert quota.used_bytes == 700 + 50
    assert not NotedPush.objects.exists()
    assert not recount(quota), "nothing changed since"
    manifest.delete()
    assert recount(quota)
    quota.refresh_from_db()
    assert quota.used_bytes == 0


def test_tags_that_are_on_their_way_count(ask: Any, team: Any) -> None:
    Quota.objects.create(namespace=team, most_tags=1)
    assert ask("alice", "1", image(5)) is None
    assert "has 1 of the 1 tags that it may have" in ask("alice", "2", image(5))
    assert ask("alice", "1", image(5)) is None, "the same tag again"
    assert ask("alice", digest_of("child"), image(5)) is None, "no tag at all"


def test_the_guard_fails_closed_or_open(
    ask: Any, team: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    from dataclasses import replace

    TagRule.objects.create(namespace=team, tags="v*")

    def broken() -> None:
        raise OSError("the registry is away")

    monkeypatch.setattr("apps.policies.backends.open_edit", broken)
    assert ask("alice", "v1", image(5)).startswith("503 UNAVAILABLE")
    settings.CONFIGURATION = replace(settings.CONFIGURATION, guard_fails="open")
    assert ask("alice", "v1", image(5)) is None
