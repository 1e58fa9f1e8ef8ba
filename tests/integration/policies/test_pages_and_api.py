"""Who sees and sets policies: Alice in her namespace, Bob and Mallory nowhere, administrators everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.policies.models import ImageRule, Quota, RetentionRule, RetentionRun, TagRule
from apps.registry.models import Manifest, Tag
from dce_portal.models import Operation
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory

LISTS = {
    "tag-rules": {"namespace": "team", "tags": "v*"},
    "image-rules": {"namespace": "team", "platforms": "linux/amd64"},
    "retention-rules": {"namespace": "team", "keep_last": 3},
    "quotas": {"namespace": "team", "most_tags": 5},
}
PAGES = ("tagrule", "imagerule", "quota", "retentionrule")


@pytest.fixture
def rows(team: Any) -> None:
    """One of each in Alice's namespace, and one for all."""
    TagRule.objects.create(pk=1, namespace=team, tags="v*")
    TagRule.objects.create(pk=2, tags="stable", kind="protected")
    ImageRule.objects.create(pk=1, namespace=team, platforms="linux/amd64", most_bytes=10**9)
    Quota.objects.create(pk=1, namespace=team, most_bytes=10**9, most_tags=10)
    RetentionRule.objects.create(pk=1, namespace=team, keep_last=3, keep_matching="v*")
    RetentionRun.objects.create(pk=1, namespace=team, state="done")


@pytest.fixture
def tag(team: Any, collector: Any, edit: Any) -> Tag:
    """team/app with two tags of one image, which an index names."""
    repository = RepositoryFactory(name="team/app", namespace=team)
    manifest = ManifestFactory(repository=repository)
    TagFactory(repository=repository, manifest=manifest, name="sibling")
    return TagFactory(repository=repository, manifest=manifest, name="1")


def send(client: Any, method: str, path: str, body: Any = None) -> Any:
    return client.generic(
        method, f"/api/v1/{path}", "" if body is None else _json(body), "application/json"
    )


def _json(body: Any) -> str:
    import json

    return json.dumps(body)


@pytest.mark.parametrize("path", [name for name in LISTS if name != "quotas"])
def test_an_owner_makes_changes_and_deletes_in_the_own_namespace(
    with_token: Any, team: Any, alice: Any, path: str
) -> None:
    client = with_token(alice)
    made = send(client, "POST", f"{path}/", LISTS[path])
    assert made.status_code == 201, made.content
    address = made.json()["url"].partition("/api/v1/")[2]
    assert made.headers["Location"] == made.json()["url"]
    changed = send(client, "PATCH", address, {"repositories": "app, tools/*"})
    assert changed.json()["repositories"] == "app, tools/*"
    kept = {k: v for k, v in changed.json().items() if k in LISTS[path]}
    assert kept == LISTS[path], "what was not named stays"
    assert send(client, "DELETE", address).status_code == 204
    kinds = set(AuditEvent.objects.values_list("action", flat=True))
    kind = path.replace("-", "").rstrip("s")
    assert {f"{kind}.add", f"{kind}.change", f"{kind}.delete"} <= kinds


def test_quotas_are_the_administrators(
    with_token: Any, team: Any, alice: Any, administrator: Any
) -> None:
    assert send(with_token(alice), "POST", "quotas/", LISTS["quotas"]).status_code == 400
    client = with_token(administrator)
    assert send(client, "POST", "quotas/", LISTS["quotas"]).status_code == 201
    assert send(client, "POST", "quotas/", LISTS["quotas"]).status_code == 409
    assert send(with_token(alice), "GET", "quotas/").json()["results"][0]["most_tags"] == 5


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_others_see_nothing_and_set_nothing(
    request: Any, with_token: Any, rows: None, path: str, who: str
) -> None:
    client = with_token(request.getfixturevalue(who))
    assert send(client, "GET", f"{path}/").json()["results"] == []
    assert send(client, "POST", f"{path}/", LISTS[path]).status_code == 400
    assert send(client, "PATCH", f"{path}/1/", {"namespace": "team"}).status_code == 404
    assert send(client, "DELETE", f"{path}/1/").status_code == 404


def test_an_owner_sets_no_rule_for_everybody(with_token: Any, rows: None, alice: Any) -> None:
    client = with_token(alice)
    assert send(client, "POST", "tag-rules/", {"tags": "x"}).status_code == 403
    assert send(client, "PATCH", "tag-rules/2/", {"tags": "x"}).status_code == 403
    assert send(client, "PATCH", "tag-rules/1/", {"namespace": None}).status_code == 403
    assert TagRule.objects.get(pk=1).namespace is not None


@pytest.mark.parametrize(
    ("path", "wish", "field"),
    [
        ("tag-rules", {"tags": "[a"}, "tags"),
        ("tag-rules", {"namespace": ""}, "namespace"),
        ("image-rules", {"platforms": "linux"}, "platforms"),
        ("image-rules", {}, "platforms"),
        ("retention-rules", {}, "keep_last"),
        ("retention-rules", {"keep_matching": "a b"}, "keep_matching"),
    ],
)
def test_what_cannot_be_meant_is_said(
    with_token: Any, team: Any, alice: Any, path: str, wish: dict[str, Any], field: str
) -> None:
    answer = send(with_token(alice), "POST", f"{path}/", {"namespace": "team", **wish})
    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_previews_and_runs_are_the_owners(
    with_token: Any, rows: None, tag: Tag, alice: Any, mallory: Any, bob: Any
) -> None:
    preview = send(with_token(alice), "GET", "retention-preview/?namespace=team").json()
    assert preview["counts"] == {"going": 0, "kept": 2, "repositories": 1}
    for person in (bob, mallory):
        client = with_token(person)
        assert send(client, "GET", "retention-preview/?namespace=team").status_code == 404
        assert send(client, "POST", "retention-runs/", {"namespace": "team"}).status_code == 400
        assert send(client, "GET", "retention-runs/").json()["results"] == []
    started = send(with_token(alice), "POST", "retention-runs/", {"namespace": "team"})
    assert started.status_code == 202
    assert started.json()["kind"] == "retention.run"


def test_a_deletion_lists_what_goes_along_and_is_blocked_by_an_index(
    with_token: Any, tag: Tag, alice: Any, bob: Any, mallory: Any
) -> None:
    client = with_token(alice)
    digest = tag.manifest.digest
    query = f"deletions/?repository=team/app&digest={digest}"
    assert send(client, "GET", query).json()["tags"] == ["1", "sibling"]
    index = ManifestFactory(repository=tag.repository)
    index.children.add(tag.manifest)
    told = send(client, "GET", query).json()
    assert told["indexes"] == [index.digest]
    assert "1 indexes name this image" in told["blocked"]
    wish = {"repository": "team/app", "digest": digest}
    assert send(client, "POST", "deletions/", wish).status_code == 409
    alone = {"repository": "team/app", "tag": "1"}
    assert send(with_token(bob), "POST", "deletions/", alone).status_code == 403
    assert send(with_token(mallory), "POST", "deletions/", alone).status_code == 404
    both = {**alone, "digest": digest}
    assert send(client, "POST", "deletions/", both).status_code == 400
    assert send(client, "POST", "deletions/", alone).status_code == 202


def test_a_deletion_takes_the_tag_and_keeps_its_sibling(
    with_token: Any, tag: Tag, alice: Any, edit: Any
) -> None:
    from dce_portal.operations import execute

    wish = {"repository": "team/app", "tag": "1"}
    started = send(with_token(alice), "POST", "deletions/", wish).json()
    execute(started["id"])
    assert Operation.objects.get().state == "succeeded", Operation.objects.get().error
    assert edit.asked == ["untag team/app:1"]
    assert Tag.objects.get().name == "sibling"
    assert Manifest.objects.count() == 1


def test_a_digest_in_use_is_not_deleted(
    with_token: Any, tag: Tag, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = f"10.0.0.5:8080/team/app@{tag.manifest.digest}"
    monkeypatch.setattr("apps.policies.selectors.uses.images_in_use", lambda: {image})
    wish = {"repository": "team/app", "digest": tag.manifest.digest}
    answer = send(with_token(alice), "POST", "deletions/", wish)
    assert answer.status_code == 409
    assert "A service or container uses this digest" in answer.content.decode()


def test_collecting_needs_its_right(
    with_token: Any, collector: Any, alice: Any, administrator: Any, mallory: Any
) -> None:
    for person in (alice, mallory):
        client = with_token(person)
        assert send(client, "POST", "collections/", {}).status_code == 403
        assert send(client, "GET", "collections/").json()["results"] == []
    client = with_token(administrator)
    started = send(client, "POST", "collections/", {})
    assert started.status_code == 202
    assert [row["is_dry_run"] for row in send(client, "GET", "collections/").json()["results"]] == [
        True
    ]


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_an_owner_the_own_rows(
    signed_in: Any, rows: None, alice: Any, page: str
) -> None:
    body = signed_in(alice).get(f"/admin/policies/{page}/").content.decode()
    assert "team" in body


@pytest.mark.parametrize(
    "address",
    [
        *(f"/admin/policies/{page}/" for page in PAGES),
        "/admin/policies/tagrule/1/change/",
        "/admin/policies/tagrule/add/",
        "/admin/policies/retentionrule/preview/{team}/",
        "/admin/policies/tagrule/delete-tag/{tag}/",
        "/admin/policies/collection/",
        "/admin/policies/retentionrun/1/change/",
    ],
)
def test_mallory_is_refused_every_page(
    signed_in: Any, rows: None, team: Any, tag: Tag, mallory: Any, address: str
) -> None:
    answer = signed_in(mallory).get(address.format(team=team.pk, tag=tag.pk))
    assert answer.status_code in {302, 403, 404}
    assert b"team" not in answer.content


def test_a_retention_run_is_listed_for_owners_alone(
    signed_in: Any, rows: None, alice: Any, mallory: Any
) -> None:
    run = "/admin/policies/retentionrun/1/change/"
    assert run in signed_in(alice).get("/admin/policies/retentionrun/").content.decode()
    assert run not in signed_in(mallory).get("/admin/policies/retentionrun/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_administrators_add_by_form(
    signed_in: Any, team: Any, administrator: Any, page: str
) -> None:
    form = {
        "namespace": team.pk,
        "repositories": "*",
        "tags": "v*",
        "kind": "immutable",
        "who_creates": "writer",
        "who_overwrites": "owner",
        "who_deletes": "owner",
        "platforms": "linux/amd64",
        "most_bytes": "20 GiB",
        "most_tags": "3",
        "keep_last": "3",
        "schedule": "daily",
        "is_enabled": "on",
    }
    answer = signed_in(administrator).post(f"/admin/policies/{page}/add/", form)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    assert AuditEvent.objects.filter(action=f"{page}.add").count() == 1
    if page in {"imagerule", "quota"}:
        model = ImageRule if page == "imagerule" else Quota
        assert model.objects.get().most_bytes == 20 * 1024**3


def test_an_owner_may_not_leave_the_namespace_empty(signed_in: Any, team: Any, alice: Any) -> None:
    form = {
        "repositories": "*",
        "tags": "v*",
        "kind": "immutable",
        "who_creates": "writer",
        "who_overwrites": "owner",
        "who_deletes": "owner",
    }
    assert signed_in(alice).post("/admin/policies/tagrule/add/", form).status_code == 200
    assert not TagRule.objects.exists()


def test_the_page_of_a_deletion_lists_both_ways(
    signed_in: Any, tag: Tag, alice: Any, bob: Any
) -> None:
    address = f"/admin/policies/tagrule/delete-tag/{tag.pk}/"
    body = signed_in(alice).get(address).content.decode()
    assert "These tags of the same image stay" in body
    assert "2 tags go along" in body
    assert signed_in(bob).get(address).status_code == 404
    started = signed_in(alice).post(address, {"what": "tag"})
    assert started.status_code == 302
    assert Operation.objects.get().kind == "registry.delete"


def test_the_preview_page_starts_a_run(
    signed_in: Any, rows: None, team: Any, tag: Tag, alice: Any
) -> None:
    address = f"/admin/policies/retentionrule/preview/{team.pk}/"
    assert "one of the last 3" in signed_in(alice).get(address).content.decode()
    assert signed_in(alice).post(address).status_code == 302
    assert Operation.objects.get().kind == "retention.run"


def test_the_garbage_page_starts_an_estimate_and_says_what_to_run_elsewhere(
    signed_in: Any, collector: Any, administrator: Any, alice: Any, settings: Any
) -> None:
    browser = signed_in(administrator)
    assert "takes pushes" in browser.get("/admin/policies/collection/").content.decode()
    assert browser.post("/admin/policies/collection/", {"what": "estimate"}).status_code == 302
    assert Operation.objects.get().kind == "registry.collect"
    assert signed_in(alice).post("/admin/policies/collection/", {}).status_code == 403
    settings.REGISTRY_URL = "http://registry.example"
    assert "registry garbage-collect" in browser.get("/admin/policies/collection/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_lists_ask_a_bounded_number_of_questions(
    queries_of: Any, team: Any, administrator: Any, page: str
) -> None:
    def more(model: Any, start: int, **values: Any) -> None:
        for number in range(start, start + 10):
            place = values.get("namespaces")
            fields = {k: v for k, v in values.items() if k != "namespaces"}
            namespace = place(number) if place else team
            model.objects.create(namespace=namespace, **fields)

    from tests.factories.registry import NamespaceFactory

    kinds: dict[str, Any] = {
        "tagrule": (TagRule, {}),
        "imagerule": (ImageRule, {"most_bytes": 5}),
        "retentionrule": (RetentionRule, {"keep_last": 1}),
        "quota": (Quota, {"most_tags": 1, "namespaces": lambda _n: NamespaceFactory()}),
    }
    model, values = kinds[page]
    more(model, 0, **values)
    few = queries_of(administrator, f"/admin/policies/{page}/")
    more(model, 10, **values)
    assert queries_of(administrator, f"/admin/policies/{page}/") <= few
