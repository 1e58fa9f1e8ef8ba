"""Artifacts, search, sizes, README: in pages and the API, and what an outsider sees of them: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.alerts.selectors.expected import Wish
from apps.registry.browse.filling import outlooks
from apps.registry.browse.search import search
from apps.registry.models import Blob, Grant, Manifest, PullDay, Repository, Role, SizeDay, Tag
from apps.registry.services import catalogue, grant_role
from apps.registry.services.catalogue import Push, Reading
from apps.registry.services.sizes import keep_sizes, refresh_sizes
from dce_portal.origin import PORTAL
from tests.factories.registry import RepositoryFactory, image_info, index_info

pytestmark = pytest.mark.django_db


def push(repository, *infos, tag="", at=None):
    """As an event or a reconcile writes it: the last manifest is the one that the tag points at."""
    push_ = Push(at=at or timezone.now(), by="alice")
    row = catalogue.ensure_repository(repository, at=push_.at)
    *children, last = infos
    reading = Reading(last, tuple(children))
    manifest = catalogue.store_manifest(row, digest=last.digest, reading=reading, push=push_)
    if tag:
        catalogue.point_tag(manifest, name=tag, push=push_)
    return manifest


def labelled(text, **labels):
    facts = {"labels": labels, "entrypoint": ["/run-" + text]} if labels else {}
    return replace(image_info(text), facts=facts, config_bytes=100)


@pytest.fixture
def image(team):
    push("team/web-shop", labelled("one", owner="payments"), tag="v1.4")
    return Tag.objects.get()


def tag_page(row):
    return reverse("admin:registry_tag_change", args=[row.pk])


def test_a_tags_page_shows_configuration_history_and_an_empty_place_for_each_rest(
    signed_in, image, bob
):
    moved = labelled("two", owner="payments")
    push("team/web-shop", moved, tag="v1.4", at=timezone.now() + timedelta(seconds=1))
    page = signed_in(bob).get(tag_page(image)).content.decode()
    assert "/run-two" in page
    assert "owner=payments" in page
    assert f"team/web-shop@{labelled('one').digest}" in page
    assert "cosign sign testserver/team/web-shop@" in page
    assert "No service uses it" in page


def test_signatures_and_sboms_are_found_by_subject_and_by_the_tag_schema(signed_in, image, bob):
    digest = image.manifest.digest
    sbom = replace(image_info("sbom"), subject=digest, artifact_type="application/spdx+json")
    push("team/web-shop", sbom)
    push("team/web-shop", image_info("sig"), tag=digest.replace(":", "-") + ".sig")
    fallback = index_info(image_info("statement"), text="fallback")
    push("team/web-shop", image_info("statement"), fallback, tag=digest.replace(":", "-"))

    found = signed_in(bob).get(f"/api/v1/tags/{image.pk}/artifact/").json()["referrers"]
    assert {one["digest"] for one in found} == {
        image_info(name).digest for name in ("sbom", "sig", "statement")
    }
    assert {one["kind"] for one in found} >= {"SBOM", "signature"}
    repository = reverse("admin:registry_repository_change", args=[image.repository_id])
    assert digest.replace(":", "-") not in signed_in(bob).get(repository).content.decode()


def test_layers_that_others_have_too_are_marked_shared_but_not_those_of_invisible_images(
    signed_in, team, public, mallory, admin_user
):
    push("open/app", image_info("base"), tag="v1")
    push("team/app", replace(image_info("base"), digest=image_info("other").digest), tag="v1")
    tag = Tag.objects.get(repository__name="open/app")
    address = f"/api/v1/tags/{tag.pk}/artifact/"
    shared = [
        signed_in(who).get(address).json()["parts"][0]["layers"][0]["is_shared"]
        for who in (admin_user, mallory)
    ]
    assert shared == [True, False]


@pytest.mark.parametrize(
    "query",
    ["team/web", "shop", "v1", "web-shop:v1", "owner=pay", "payments", "digest", "image id"],
)
def test_search_finds_by_name_tag_label_and_digest_for_those_who_may_pull(
    image, bob, mallory, query
):
    texts = {"digest": image.manifest.digest[:20], "image id": image.manifest.config_digest[7:20]}
    text = texts.get(query, query)
    found = search(bob, text)
    names = {row.name for row in found.repositories} | {str(row) for row in found.tags}
    assert names <= {"team/web-shop", "team/web-shop:v1.4"}
    assert names
    assert not search(mallory, text)


@pytest.mark.parametrize("query", ["", "x", "\0\0", "%", "_eam", "zzz", "a" * 5000, "x:", ":y"])
def test_search_takes_anything(signed_in, image, bob, query):
    page = signed_in(bob).get(reverse("admin:registry_search"), {"q": query})
    assert page.status_code == 200
    assert "team/web-shop" not in page.content.decode()


def test_what_is_shared_is_stored_once(team):
    push("team/a", labelled("one"), tag="v1")
    push("team/b", labelled("one"), tag="v1")
    push("team/b", replace(labelled("one"), digest=labelled("two").digest), tag="v2")
    assert refresh_sizes() == 2
    team.refresh_from_db()
    # A layer of 1000, a configuration of 100, and a manifest of 400 a digest.
    sizes = dict(Repository.objects.values_list("name", "stored_bytes"))
    assert sizes == {"team/a": 1500, "team/b": 1900}
    assert team.stored_bytes == 1900
    Manifest.objects.filter(digest=labelled("two").digest).delete()
    assert refresh_sizes() == 1
    team.refresh_from_db()
    assert team.stored_bytes == 1500


def test_a_day_is_kept_once_and_blobs_that_nobody_needs_are_forgotten(team):
    push("team/a", labelled("one"), tag="v1")
    Blob.objects.create(digest="sha256:stray", size_bytes=9)
    refresh_sizes()
    keep_sizes()
    keep_sizes()
    assert SizeDay.objects.get(namespace=None).stored_bytes == 1500
    assert SizeDay.objects.get(namespace=team).stored_bytes == 1500
    assert not Blob.objects.filter(digest="sha256:stray").exists()


def test_of_a_namespace_that_is_seen_in_part_sizes_and_counts_are_of_that_part(
    signed_in, team, mallory
):
    push("team/a", labelled("one"), tag="v1")
    push("team/b", labelled("two"), tag="v1")
    refresh_sizes()
    Grant.objects.create(
        namespace=team, repository=Repository.objects.get(name="team/a"), person=mallory
    )
    browser = signed_in(mallory)
    row = browser.get(f"/api/v1/namespaces/{team.pk}/").json()
    assert (row["repository_count"], row["stored_bytes"]) == (1, None)
    assert browser.get(f"/api/v1/namespaces/{team.pk}/sizes/").status_code == 403
    page = browser.get(reverse("admin:registry_namespace_change", args=[team.pk]))
    assert page.context["stored_bytes"] == 1500


def test_a_readme_is_written_by_maintainers_and_audited(signed_in, image, team, bob):
    browser, pk = signed_in(bob), image.repository_id
    form, api = reverse("admin:registry_readme", args=[pk]), f"/api/v1/repositories/{pk}/readme/"
    put = {"data": {"readme": "# Hi"}, "content_type": "application/json"}
    assert browser.post(form, {"readme": "# Hi", "save": 1}).status_code == 403
    assert browser.put(api, **put).status_code == 403
    grant_role(namespace=team, person=bob, role=Role.MAINTAINER, origin=PORTAL)
    assert browser.put(api, **put).json()["html"] == "<h1>Hi</h1>\n"
    assert browser.post(form, {"readme": "# Shop", "save": 1}).status_code == 302
    assert AuditEvent.objects.filter(action="repository.readme").count() == 2
    page = browser.get(reverse("admin:registry_repository_change", args=[pk]))
    assert "<h1>Shop</h1>" in page.content.decode()
    assert browser.put(api, {"readme": "x" * 70_000}, "application/json").status_code == 400


def test_mallory_finds_no_page_and_no_answer(signed_in, image, mallory):
    browser, tag, repository = signed_in(mallory), image.pk, image.repository_id
    for address in (
        f"/api/v1/tags/{tag}/artifact/",
        f"/api/v1/tags/{tag}/history/",
        f"/api/v1/repositories/{repository}/pulls/",
        f"/api/v1/repositories/{repository}/readme/",
        f"/api/v1/namespaces/{image.repository.namespace_id}/sizes/",
        reverse("admin:registry_readme", args=[repository]),
    ):
        assert browser.get(address).status_code == 404, address
    assert browser.get("/api/v1/registry/storage/").status_code == 403
    assert browser.get(reverse("admin:registry_storage")).status_code == 403
    assert browser.get("/api/v1/registry/search/", {"q": "shop"}).json() == {
        "query": "shop",
        "repositories": [],
        "tags": [],
        "is_cut": False,
    }


def test_pulls_of_days_have_no_gaps(signed_in, image, bob):
    PullDay.objects.create(repository=image.repository, day=timezone.now().date(), pulls=3)
    days = signed_in(bob).get(f"/api/v1/repositories/{image.repository_id}/pulls/").json()["days"]
    assert len(days) == 90
    assert [day["value"] for day in days[-2:]] == [0, 3]


def grow(count):
    for number in range(count):
        RepositoryFactory(name=f"team/more-{count}-{number}")
        push(
            "team/web-shop",
            labelled(f"{count}-{number}", owner="payments"),
            tag=f"v1.{count}.{number}",
        )


def test_queries_do_not_grow_with_the_catalogue(queries_of, image, alice):
    addresses = [
        reverse("admin:registry_search") + "?q=v1",
        reverse("admin:registry_namespace_changelist"),
        reverse("admin:registry_repository_changelist"),
        reverse("admin:registry_tag_changelist"),
        tag_page(image),
        f"/api/v1/tags/{image.pk}/artifact/",
    ]
    grow(2)
    few = [queries_of(alice, address) for address in addresses]
    grow(12)
    assert [queries_of(alice, address) for address in addresses] == few
    assert max(few) < 55  # the tag page has nine tabs


def test_the_registrys_disk_is_a_source_of_the_stock_rule():
    now = timezone.now()
    wish = Wish("registry", "disk_used_bytes", 3600, now, needs_time_to_full=True)
    for day in range(8):
        SizeDay.objects.create(
            day=(now - timedelta(days=7 - day)).date(), disk_bytes=10 * day, free_bytes=20
        )
    # Ten bytes a day, twenty are free.
    assert [one.hours_to_full for one in outlooks(wish)] == [48]
    SizeDay.objects.filter(disk_bytes__gt=40).delete()
    assert list(outlooks(wish)) == []
