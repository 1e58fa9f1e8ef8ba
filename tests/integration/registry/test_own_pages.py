"""The pages of one namespace, repository and tag; and one audit entry for each act on them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEvent
from apps.registry.models import Grant, Namespace
from tests.factories.accounts import TeamFactory
from tests.factories.registry import INDEX, ManifestFactory, RepositoryFactory, TagFactory

pytestmark = pytest.mark.django_db
LAYERS = [
    {"digest": "sha256:" + "a" * 64, "size_bytes": 4096, "media_type": "layer"},
    {"digest": "sha256:" + "b" * 64, "size_bytes": 1024, "media_type": "layer"},
]


@pytest.fixture
def repository(team):
    return RepositoryFactory(name="team/app", pull_count=7, stored_bytes=15 * 1024)


@pytest.fixture
def index(repository):
    """An index of two images and an attestation, under the tag v1."""
    manifest = ManifestFactory(
        repository=repository, media_type=INDEX, size_bytes=2 * 5120, platform=""
    )
    for platform in ("linux/amd64", "linux/arm64/v8", "unknown/unknown"):
        child = ManifestFactory(
            repository=repository,
            platform=platform,
            layers=LAYERS,
            size_bytes=5120,
            config_digest="sha256:" + "c" * 64,
        )
        manifest.children.add(child)
    return TagFactory(repository=repository, manifest=manifest, name="v1")


def address(row):
    return reverse(f"admin:registry_{row._meta.model_name}_change", args=[row.pk])


def body(browser, row):
    page = browser.get(address(row))
    assert page.status_code == 200
    return page.content.decode()


def test_a_repositorys_page_has_facts_tags_and_pull_commands(signed_in, index, bob):
    page = body(signed_in(bob), index.repository)
    digest = index.manifest.digest
    for text in ("team/app", "private", "15.0 KiB", "reader (pull)", "linux/arm64/v8", "by alice"):
        assert text in page
    assert "docker pull testserver/team/app:v1" in page
    assert f"docker pull testserver/team/app@{digest}" in page
    assert "<dd>7</dd>" in page


def test_owners_see_all_grants_that_concern_a_repository_members_their_own(
    signed_in, repository, team, alice, bob
):
    elsewhere = RepositoryFactory(name="team/other")
    here, there = TeamFactory(name="people-here"), TeamFactory(name="people-there")
    Grant.objects.create(namespace=team, repository=repository, team=here)
    Grant.objects.create(namespace=team, repository=elsewhere, team=there)
    page = body(signed_in(alice), repository)
    assert "people-here" in page
    assert "people-there" not in page
    assert "registry/grant/add" in page
    page = body(signed_in(bob), repository)
    assert "people-here" not in page
    assert "registry/grant/add" not in page


def test_a_tags_page_shows_platforms_and_layers(signed_in, index, bob):
    page = body(signed_in(bob), index)
    assert page.index(">linux/amd64</h2>") < page.index(">linux/arm64/v8</h2>")
    assert page.index(">linux/arm64/v8</h2>") < page.index(">Attestation</h2>")
    for text in (INDEX, "a" * 12, "4.0 KiB", "--share: 0.2500", "c" * 12):
        assert text in page


def test_a_tag_of_one_image_lists_its_layers(signed_in, repository, bob):
    manifest = ManifestFactory(repository=repository, layers=LAYERS)
    tag = TagFactory(repository=repository, manifest=manifest)
    page = body(signed_in(bob), tag)
    assert ">Layers</h2>" in page
    assert page.count("dce-meter-value") == 2


def test_a_manifest_that_was_not_read_yet_says_so(signed_in, repository, bob):
    manifest = ManifestFactory(repository=repository, is_complete=False, media_type="")
    page = body(signed_in(bob), TagFactory(repository=repository, manifest=manifest))
    assert "was not read from the registry yet" in page


def test_a_namespaces_page_lists_its_repositories_the_largest_first(signed_in, team, alice):
    for name, size in (("team/small", 1024), ("team/large", 4096)):
        RepositoryFactory(name=name, stored_bytes=size)
    Namespace.objects.filter(pk=team.pk).update(stored_bytes=4608)
    page = body(signed_in(alice), team)
    assert page.index(">team/large</a>") < page.index(">team/small</a>")
    assert "4.5 KiB" in page
    assert "owner (all, and grants)" in page
    assert 'name="description"' in page


def test_of_a_repository_alone_its_holder_sees_no_others(signed_in, team, repository, mallory):
    RepositoryFactory(name="team/secret")
    Grant.objects.create(namespace=team, repository=repository, person=mallory)
    page = body(signed_in(mallory), team)
    assert ">team/app</a>" in page
    assert "team/secret" not in page


def test_an_empty_namespace_says_how_to_push(signed_in, team, alice):
    assert "docker push testserver/team/NAME:TAG" in body(signed_in(alice), team)


def test_a_public_repository_says_so(signed_in, public, mallory):
    page = body(signed_in(mallory), RepositoryFactory(name="open/app"))
    assert "pull (it is public)" in page
    assert "docker push testserver/open/app:TAG" in page


def test_mallory_gets_no_page(signed_in, index, mallory):
    browser = signed_in(mallory)
    for row in (index, index.repository, index.repository.namespace):
        answer = browser.get(address(row))
        assert answer.status_code == 302
        assert answer.url == reverse("admin:index")


def grow(repository, count):
    """More tags, platforms, repositories and grants."""
    for number in range(count):
        child = ManifestFactory(repository=repository, layers=LAYERS)
        manifest = ManifestFactory(repository=repository, media_type=INDEX)
        manifest.children.add(child)
        TagFactory(repository=repository, manifest=manifest)
        RepositoryFactory(name=f"team/more{count}x{number}")
        Grant.objects.create(namespace=repository.namespace, team=TeamFactory())


def test_queries_do_not_grow_with_what_is_listed(queries_of, index, alice):
    rows = (index, index.repository, index.repository.namespace)
    grow(index.repository, 2)
    few = [queries_of(alice, address(row)) for row in rows]
    grow(index.repository, 10)
    index.manifest.children.add(*index.repository.manifests.filter(layers=LAYERS))
    assert [queries_of(alice, address(row)) for row in rows] == few
    assert max(few) < 55  # the tag page has nine tabs


def actions():
    """What the audit noted since it was last asked."""
    noted = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    AuditEvent.objects.all().delete()
    return [action for action in noted if action != "sign_in"]


def test_each_act_on_a_namespace_is_audited_once(signed_in, admin_user):
    browser = signed_in(admin_user)
    inline = {"grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}
    actions()
    browser.post(reverse("admin:registry_namespace_add"), {"name": "fresh", **inline})
    assert actions() == ["namespace.create"]
    namespace = Namespace.objects.get(name="fresh")
    browser.post(address(namespace), {"description": "Ours", **inline})
    assert actions() == ["namespace.update"]
    delete = reverse("admin:registry_namespace_delete", args=[namespace.pk])
    browser.post(delete, {"post": "yes"})
    assert actions() == ["namespace.delete"]


def test_each_act_on_a_grant_is_audited_once(signed_in, team, alice):
    browser, people = signed_in(alice), TeamFactory()
    wish = {"namespace": team.pk, "team": people.pk, "role": "writer"}
    actions()
    browser.post(reverse("admin:registry_grant_add"), wish)
    assert actions() == ["grant.give"]
    grant = Grant.objects.get(team=people)
    browser.post(address(grant), {"role": "reader"})
    assert actions() == ["grant.give"]
    browser.post(reverse("admin:registry_grant_delete", args=[grant.pk]), {"post": "yes"})
    assert actions() == ["grant.revoke"]
