"""The registry's admin pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.registry.models import DockerLogin, Grant, Namespace, RegistryEvent
from apps.registry.services.logins import make_docker_login
from tests.factories.accounts import TeamFactory
from tests.factories.registry import RepositoryFactory, TagFactory

pytestmark = pytest.mark.django_db
LISTS = ["namespace", "repository", "tag", "grant", "dockerlogin"]


@pytest.fixture
def tag(team):
    return TagFactory(repository=RepositoryFactory(name="team/app"), name="v1")


def page(model, *keys):
    name = "change" if keys else "changelist"
    return reverse(f"admin:registry_{model}_{name}", args=keys)


@pytest.mark.parametrize("model", LISTS)
def test_lists_open_for_everyone_and_show_an_outsider_nothing(
    signed_in, tag, alice, mallory, model
):
    assert signed_in(alice).get(page(model)).status_code == 200
    response = signed_in(mallory).get(page(model))
    assert response.status_code == 200
    assert not response.context["cl"].result_count


@pytest.mark.parametrize("model", [*LISTS, "registryevent"])
def test_lists_are_closed_to_people_outside_the_admin(client, tag, model):
    assert client.get(page(model)).status_code == 302


def test_pages_of_single_rows(signed_in, tag, bob, mallory):
    rows = {"namespace": tag.repository.namespace, "repository": tag.repository, "tag": tag}
    for model, row in rows.items():
        assert signed_in(bob).get(page(model, row.pk)).status_code == 200
        assert signed_in(mallory).get(page(model, row.pk)).status_code == 302


def test_the_pull_command_names_the_portal_as_it_was_reached(signed_in, tag, bob, settings):
    browser = signed_in(bob)
    for address in (page("tag"), page("tag", tag.pk), page("repository", tag.repository.pk)):
        html = browser.get(address, headers={"host": "portal.example:8080"}).content.decode()
        assert "docker pull portal.example:8080/team/app:v1" in html
    html = browser.get(page("tag", tag.pk)).content.decode()
    assert f"docker pull testserver/team/app@{tag.manifest.digest}" in html
    assert "linux/amd64" in html
    assert "2.0 KiB" in html


def test_empty_lists_teach(signed_in, mallory):
    browser = signed_in(mallory)
    assert "docker push testserver/" in browser.get(page("repository")).content.decode()
    assert "docker login testserver" in browser.get(page("dockerlogin")).content.decode()


def test_making_and_changing_a_namespace(signed_in, admin_user, alice, bob):
    browser = signed_in(admin_user)
    inline = {"grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}
    browser.post(
        reverse("admin:registry_namespace_add"), {"name": "fresh", "description": "", **inline}
    )
    namespace = Namespace.objects.get()
    assert namespace.grants.get().person == admin_user
    browser.post(
        page("namespace", namespace.pk), {"description": "Ours", "is_public": "on", **inline}
    )
    namespace.refresh_from_db()
    assert (namespace.name, namespace.description, namespace.is_public) == ("fresh", "Ours", True)
    assert signed_in(bob).get(reverse("admin:registry_namespace_add")).status_code == 403


def test_a_reader_does_not_change_a_namespace(signed_in, team, bob):
    signed_in(bob).post(page("namespace", team.pk), {"description": "taken"})
    team.refresh_from_db()
    assert team.description == ""


def test_owners_give_and_take_grants(signed_in, team, alice, bob, mallory):
    add = reverse("admin:registry_grant_add")
    people = TeamFactory()
    wish = {"namespace": team.pk, "team": people.pk, "role": "writer"}
    assert signed_in(bob).get(add).status_code == 403
    assert signed_in(mallory).post(add, wish).status_code == 403
    browser = signed_in(alice)
    assert browser.post(add, wish).status_code == 302
    grant = Grant.objects.get(team=people)
    browser.post(page("grant", grant.pk), {"role": "reader"})
    grant.refresh_from_db()
    assert grant.role == "reader"
    browser.post(reverse("admin:registry_grant_delete", args=[grant.pk]), {"post": "yes"})
    assert not Grant.objects.filter(pk=grant.pk).exists()


def test_a_grant_on_a_repository_elsewhere_is_refused_in_the_form(
    signed_in, team, public, alice, bob
):
    elsewhere = RepositoryFactory(name="open/app")
    wish = {"namespace": team.pk, "repository": elsewhere.pk, "person": bob.pk, "role": "writer"}
    response = signed_in(alice).post(reverse("admin:registry_grant_add"), wish)
    assert response.status_code == 200
    assert not Grant.objects.filter(repository=elsewhere).exists()


def test_docker_logins_are_revoked_by_their_owner_alone(signed_in, alice, mallory):
    login, _secret = make_docker_login(
        owner=alice, service="dce-registry", client_id="docker", address=None
    )
    chosen = {"action": "revoke", "_selected_action": [login.pk]}
    signed_in(mallory).post(page("dockerlogin"), chosen)
    assert DockerLogin.objects.get().is_usable
    signed_in(alice).post(page("dockerlogin"), chosen)
    assert not DockerLogin.objects.get().is_usable


def test_events_are_for_superusers(signed_in, admin_user, alice):
    RegistryEvent.objects.create(event_id="1", action="push", repository_name="team/app")
    assert signed_in(alice).get(page("registryevent")).status_code == 403
    assert "team/app" in signed_in(admin_user).get(page("registryevent")).content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_queries_do_not_grow_with_rows(queries_of, tag, alice, model):
    def more(count):
        for number in range(count):
            TagFactory(repository=RepositoryFactory(name=f"team/{model}{count}x{number}"))
            Grant.objects.create(namespace=tag.repository.namespace, team=TeamFactory())
            make_docker_login(owner=alice, service="s", client_id="c", address=None)

    more(2)
    few = queries_of(alice, page(model))
    more(10)
    assert queries_of(alice, page(model)) == few
    assert queries_of(alice, page("repository", tag.repository.pk)) < 30
