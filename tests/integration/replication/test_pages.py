"""Pages and API of replication: what an administrator does, and that nobody else may."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEvent
from apps.replication.models import CacheNamespace, RemoteRegistry, ReplicationRule
from apps.replication.services.caching import split_image
from apps.replication.services.rules import save_remote, save_rule
from dce_portal.errors import InvalidInput
from dce_portal.models import Operation
from dce_portal.origin import PORTAL
from tests.factories.registry import NamespaceFactory

pytestmark = pytest.mark.django_db
SECRET = "a secret that nobody sees"
KINDS = ("remoteregistry", "replicationrule", "cachenamespace")


@pytest.fixture
def there(db):
    values = {"name": "there", "url": "https://there.test", "username": "copier"}
    return save_remote(RemoteRegistry(), values, secret=SECRET, origin=PORTAL)


@pytest.fixture
def rule(there):
    values = {"name": "out", "remote": there, "direction": "push", "repositories": "team/*"}
    return save_rule(ReplicationRule(), values, origin=PORTAL)


@pytest.fixture
def cache(there):
    return CacheNamespace.objects.create(namespace=NamespaceFactory(name="hub"), remote=there)


def post(script, address, **body):
    return script.post(f"/api/v1/{address}", json.dumps(body), content_type="application/json")


def test_pages_show_and_save(administrator, signed_in, rule, cache):
    browser = signed_in(administrator)
    for kind, row in zip(KINDS, (rule.remote, rule, cache), strict=True):
        for view, arguments in (("changelist", []), ("add", []), ("change", [row.pk])):
            page = browser.get(reverse(f"admin:replication_{kind}_{view}", args=arguments))
            assert page.status_code == 200, (kind, view)
            assert SECRET not in page.content.decode()
    change = reverse("admin:replication_replicationrule_change", args=[rule.pk])
    facts = {"name": "out", "remote": rule.remote_id, "direction": "push", "repositories": "a/*"}
    answer = browser.post(change, {**facts, "tags": "v*", "is_active": "on"})
    assert answer.status_code == 302
    rule.refresh_from_db()
    assert (rule.repositories, rule.tags) == ("a/*", "v*")
    assert AuditEvent.objects.filter(action="replicationrule.change").exists()
    wrong = browser.post(change, {**facts, "tags": "v*", "cron": "never"})
    assert "A cron line has five fields" in wrong.content.decode()


def test_buttons_start_operations(administrator, signed_in, rule, cache):
    browser = signed_in(administrator)
    run = reverse("admin:replication_replicationrule_run", args=[rule.pk])
    answer = browser.post(run)
    operation = Operation.objects.get(kind="replication.run")
    assert answer.url == reverse("admin:portal_operation_change", args=[operation.pk])
    again = browser.post(run, follow=True)
    assert "Another replication is under way" in again.content.decode()
    Operation.objects.update(state="succeeded")
    fetch = reverse("admin:replication_cachenamespace_fetch", args=[cache.pk])
    browser.post(fetch, {"image": "nginx:1.27"})
    wanted = Operation.objects.get(kind="replication.fetch").parameters
    assert wanted == {"cache": cache.pk, "repository": "nginx", "tag": "1.27"}


def test_the_api_from_registry_to_run(administrator, with_token):
    script = with_token(administrator)
    NamespaceFactory(name="hub")
    facts = {"name": "hub", "url": "https://docker.io/", "username": "me", "secret": SECRET}
    there = post(script, "remote-registries/", **facts)
    assert there.status_code == 201
    assert (there.json()["has_secret"], there.json()["url"]) == (True, "https://docker.io")
    moved = script.patch(
        there.json()["href"],
        json.dumps({"url": "https://elsewhere.test"}),
        content_type="application/json",
    )
    assert moved.status_code == 400
    key = there.json()["id"]
    rule = post(
        script,
        "replication-rules/",
        name="in",
        remote=key,
        direction="pull",
        repositories="nginx",
        prefix="hub",
    )
    assert rule.status_code == 201
    run = post(script, f"replication-rules/{rule.json()['id']}/run/")
    assert run.status_code == 202
    Operation.objects.update(state="succeeded")
    cache = post(script, "cache-namespaces/", namespace="hub", remote=key)
    assert cache.status_code == 201
    fetched = post(script, f"cache-namespaces/{cache.json()['id']}/fetch/", image="nginx")
    assert fetched.status_code == 202
    assert post(script, "cache-namespaces/", namespace="hub", remote=key).status_code == 409
    assert script.delete(there.json()["href"]).status_code == 409
    assert SECRET not in script.get(there.json()["href"]).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "there.test",
        "ftp://there.test",
        "https://a:b@there.test",
        "https://there.test/v2",
        "https://x:y",
    ],
)
def test_what_is_no_registry_is_refused(administrator, with_token, url):
    answer = post(with_token(administrator), "remote-registries/", name="x", url=url)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("nginx", ("nginx", "latest")),
        ("nginx:1.27", ("nginx", "1.27")),
        ("grafana/loki:3", ("grafana/loki", "3")),
    ],
)
def test_images_are_called_as_upstream_does(image, found):
    assert split_image(image) == found


@pytest.mark.parametrize("image", ["", ":1", "UPPER", "--all", "a b", "x:" + "y" * 200])
def test_what_is_no_image_is_refused(image):
    with pytest.raises(InvalidInput):
        split_image(image)


def test_mallory_and_viewers_are_refused(mallory, viewer, signed_in, with_token, rule, cache):
    for person in (mallory, viewer):
        browser, script = signed_in(person), with_token(person)
        for kind in KINDS:
            page = browser.get(reverse(f"admin:replication_{kind}_changelist"))
            assert page.status_code == 403
        run = browser.post(reverse("admin:replication_replicationrule_run", args=[rule.pk]))
        fetch = browser.post(reverse("admin:replication_cachenamespace_fetch", args=[cache.pk]))
        assert (run.status_code, fetch.status_code) == (403, 403)
        for address in ("remote-registries/", "replication-rules/", "cache-namespaces/"):
            assert script.get(f"/api/v1/{address}").status_code == 403
        assert post(script, f"replication-rules/{rule.pk}/run/").status_code == 403
    assert not Operation.objects.exists()
