"""The registry's part of the API: Alice owns, Bob reads, Mallory is refused everywhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from apps.registry.models import Grant, Namespace
from tests.factories.accounts import TeamFactory
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def tag(team):
    return TagFactory(repository=RepositoryFactory(name="team/app"), name="v1")


def names(response, field="name"):
    assert response.status_code == 200, response.content
    return [row[field] for row in response.json()["results"]]


def send(client, method, address, body):
    return getattr(client, method)(address, body, content_type="application/json")


@pytest.mark.parametrize("path", ["namespaces", "repositories", "tags", "grants"])
def test_nobody_reads_without_signing_in(client, tag, path):
    assert client.get(f"{API}/{path}/").status_code == 401


def test_reader_and_outsider(with_token, tag, bob, mallory):
    reader, outsider = with_token(bob), with_token(mallory)
    for path, row in (
        ("namespaces", tag.repository.namespace),
        ("repositories", tag.repository),
        ("tags", tag),
    ):
        assert len(names(reader.get(f"{API}/{path}/"))) == 1
        assert names(outsider.get(f"{API}/{path}/")) == []
        assert reader.get(f"{API}/{path}/{row.pk}/").status_code == 200
        assert outsider.get(f"{API}/{path}/{row.pk}/").status_code == 404


def test_a_token_without_the_scope_reads_nothing(with_token, tag, alice):
    assert with_token(alice, "registry.pull").get(f"{API}/tags/").status_code == 403


def test_a_tag(with_token, tag, bob):
    index = tag.manifest
    index.platform = ""
    index.save()
    for platform in ("linux/arm64", "unknown/unknown", "linux/amd64"):
        index.children.add(ManifestFactory(repository=tag.repository, platform=platform))
    body = with_token(bob).get(f"{API}/tags/{tag.pk}/").json()
    assert body["repository"] == "team/app"
    assert body["digest"] == index.digest
    assert body["platforms"] == ["linux/amd64", "linux/arm64"]
    assert body["size_bytes"] == 2048


def test_filters(with_token, tag, bob):
    TagFactory(repository=RepositoryFactory(name="team/other"), name="v2")
    api = with_token(bob)
    assert names(api.get(f"{API}/tags/?repository=team/app")) == ["v1"]
    assert names(api.get(f"{API}/tags/?digest={tag.manifest.digest}")) == ["v1"]
    assert names(api.get(f"{API}/tags/?missing=true")) == []
    assert names(api.get(f"{API}/repositories/?namespace=team&search=OTH")) == ["team/other"]
    assert names(api.get(f"{API}/namespaces/?public=true")) == []
    assert api.get(f"{API}/tags/?nonsense=1").status_code == 400


def test_making_a_namespace_needs_the_right(with_token, bob, mallory):
    bob.user_permissions.add(Permission.objects.get(codename="add_namespace"))
    wish = {"name": "fresh", "is_public": True}
    assert send(with_token(mallory), "post", f"{API}/namespaces/", wish).status_code == 403
    made = send(with_token(bob), "post", f"{API}/namespaces/", wish)
    assert made.status_code == 201
    assert made.json()["is_public"] is True
    assert Namespace.objects.get().grants.get().person == bob
    again = send(with_token(bob), "post", f"{API}/namespaces/", wish)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert send(with_token(bob), "post", f"{API}/namespaces/", {"name": "Ä"}).status_code == 400


def test_only_owners_change_a_namespace(with_token, team, alice, bob, mallory):
    address = f"{API}/namespaces/{team.pk}/"
    statuses = [
        send(with_token(person), "patch", address, {"description": "x"}).status_code
        for person in (alice, bob, mallory)
    ]
    assert statuses == [200, 403, 404]
    assert send(with_token(alice, "api.read"), "patch", address, {}).status_code == 403


def test_owners_give_and_take_roles(with_token, tag, alice, mallory):
    people = TeamFactory(name="builders")
    api = with_token(alice)
    wish = {"namespace": "team", "repository": "team/app", "team": "builders", "role": "writer"}
    made = send(api, "post", f"{API}/grants/", wish)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in (*wish, "person")} == {**wish, "person": None}
    assert len(names(api.get(f"{API}/grants/?team=builders"), "id")) == 1
    assert api.delete(made.headers["Location"]).status_code == 204
    assert not Grant.objects.filter(team=people).exists()
    assert (
        send(api, "post", f"{API}/grants/", {"namespace": "team", "role": "writer"}).status_code
        == 400
    )


@pytest.mark.parametrize("name", ["person", "namespace", "repository", "team"])
def test_a_name_that_no_database_can_look_for_is_nobodys(with_token, team, alice, name):
    wish = {"namespace": "team", "person": "bob", "role": "reader", name: "b\0"}
    answer = send(with_token(alice), "post", f"{API}/grants/", wish)
    assert answer.status_code == 400
    assert "␀" in answer.json()["error"]["fields"][name][0]


def test_others_do_not(with_token, tag, team, bob, mallory):
    grant = Grant.objects.get(person=bob)
    wish = {"namespace": "team", "person": "mallory", "role": "owner"}
    assert send(with_token(bob), "post", f"{API}/grants/", wish).status_code == 403
    assert send(with_token(mallory), "post", f"{API}/grants/", wish).status_code == 400
    assert with_token(bob).delete(f"{API}/grants/{grant.pk}/").status_code == 403
    assert with_token(mallory).delete(f"{API}/grants/{grant.pk}/").status_code == 404
    assert names(with_token(mallory).get(f"{API}/grants/"), "id") == []
    assert len(names(with_token(bob).get(f"{API}/grants/"), "id")) == 1


@pytest.mark.parametrize("path", ["namespaces", "repositories", "tags", "grants"])
def test_queries_do_not_grow_with_rows(queries_of, alice, tag, path):
    few = queries_of(alice, f"{API}/{path}/")
    for number in range(10):
        TagFactory(repository=RepositoryFactory(name=f"team/more{number}"))
        Grant.objects.create(namespace=tag.repository.namespace, team=TeamFactory())
    assert queries_of(alice, f"{API}/{path}/") == few
