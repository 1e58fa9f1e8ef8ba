"""`/auth/token` as the docker clients use it."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime, timedelta
from urllib.parse import urlencode

import jwt
import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.registry.api.token import FORM_LIMIT_BYTES, registry_token
from apps.registry.models import DockerLogin, Role
from apps.registry.services import grant_role, revoke_docker_login
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, TeamFactory, token_of
from tests.factories.registry import RepositoryFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/auth/token"
APP = "repository:team/app:pull,push"


def basic(username, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()}


def ask(client, person=None, *, secret=PASSWORD, **query):
    headers = basic(person.username, secret) if person else {}
    return client.get(ADDRESS, {"service": "dce-registry", **query}, headers=headers)


def post(client, **form):
    body = urlencode({"service": "dce-registry", "client_id": "test", **form}, doseq=True)
    return client.post(ADDRESS, body, content_type="application/x-www-form-urlencoded")


def by_password(client, person, **form):
    return post(client, grant_type="password", username=person.username, password=PASSWORD, **form)


def test_owner_reader_and_outsider(client, team, alice, bob, mallory, access_in):
    granted = {
        person.username: access_in(ask(client, person, scope=APP).json()["token"])
        for person in (alice, bob, mallory)
    }
    assert granted == {
        "alice": {"repository:team/app": ["pull", "push"]},
        "bob": {"repository:team/app": ["pull"]},
        "mallory": {},
    }


def test_anonymous_pulls_public_namespaces_alone(client, team, public, access_in):
    response = ask(client, scope=[APP, "repository:open/app:pull,push"])
    assert response.status_code == 200
    assert access_in(response.json()["token"]) == {"repository:open/app": ["pull"]}


def test_answer_has_what_every_client_needs(client, alice):
    body = ask(client, alice).json()
    assert body["token"] == body["access_token"]
    assert body["expires_in"] == 300
    assert datetime.fromisoformat(body["issued_at"]).tzinfo is not None
    assert "refresh_token" not in body
    assert jwt.decode(body["token"], options={"verify_signature": False})["sub"] == "alice"


def test_all_shapes_of_scope(client, team, alice, access_in):
    other = "repository(plugin):team/other:*"
    answers = [
        ask(client, alice, scope=[APP, other]),
        ask(client, alice, scope=f"{APP} {other}"),
        by_password(client, alice, scope=f"{other} {APP}"),
        by_password(client, alice, scope=[other, APP]),
    ]
    expected = {
        "repository:team/app": ["pull", "push"],
        "repository:team/other": ["delete", "pull", "push"],
    }
    assert [access_in(answer.json()["access_token"]) for answer in answers] == [expected] * 4


def test_team_grant_and_grant_on_one_repository(client, team, mallory, access_in):
    people = TeamFactory()
    people.members.add(mallory)
    repository = RepositoryFactory(name="team/app", namespace=team)
    grant_role(namespace=team, repository=repository, team=people, role=Role.WRITER, origin=PORTAL)
    response = ask(client, mallory, scope=[APP, "repository:team/other:pull"])
    assert access_in(response.json()["token"]) == {"repository:team/app": ["pull", "push"]}


def test_personal_token_narrows_and_takes_two_reads(client, team, alice, access_in):
    secret = token_of(alice, "registry.pull").secret
    ask(client, alice, secret=secret, scope=APP)
    with CaptureQueriesContext(connection) as queries:
        response = ask(client, alice, secret=secret, scope=APP)
    assert access_in(response.json()["token"]) == {"repository:team/app": ["pull"]}
    assert len(queries) == 2


def test_catalogue_is_for_superusers(client, team, alice, access_in):
    assert access_in(ask(client, alice, scope="registry:catalog:*").json()["token"]) == {}
    alice.is_superuser = True
    alice.save()
    answer = ask(client, alice, scope="registry:catalog:*").json()
    assert access_in(answer["token"]) == {"registry:catalog": ["*"]}


@pytest.mark.parametrize(
    "headers",
    [
        basic("alice", "wrong"),
        basic("nobody", "x"),
        basic("a\x00b", "x"),
        {"Authorization": "Basic ///"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xfe").decode()},
        {"Authorization": "Bearer dcep_x"},
        {"Authorization": "Basic " + "a" * 9000},
    ],
)
def test_bad_credentials_are_never_anonymous(client, alice, headers):
    response = client.get(ADDRESS, headers=headers)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/json"
    assert response["WWW-Authenticate"].startswith("Basic ")
    assert response.json()["errors"][0]["code"] == "UNAUTHORIZED"
    assert response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"grant_type": "authorization_code"}, 400),
        ({"grant_type": "password"}, 401),
        ({"grant_type": "password", "username": "alice", "password": "x", "service": "other"}, 400),
        ({"grant_type": "refresh_token", "refresh_token": "dcef_unknown"}, 401),
    ],
)
def test_bad_forms(client, alice, form, status):
    response = post(client, **form)
    assert response.status_code == status
    assert response.json()["errors"][0]["message"]


def test_too_much(client):
    many = client.get(ADDRESS, {"scope": ["repository:team/app:pull"] * 65})
    long = client.get(ADDRESS, {"scope": "x" * 40_000})
    fields = client.get(ADDRESS + "?" + "a=1&" * 3000)
    large = client.post(ADDRESS, {"x": "y" * FORM_LIMIT_BYTES})
    assert [r.status_code for r in (many, long, fields, large)] == [400, 400, 400, 413]
    assert client.put(ADDRESS).status_code == 405


def test_chunked_form_under_wsgi(team, alice, access_in):
    """No Content-Length, as podman and skopeo send it; the server marks the input's end."""
    form = f"grant_type=password&username=alice&password={PASSWORD}&scope={APP}".replace(" ", "+")
    request = RequestFactory().post(ADDRESS)
    del request.META["CONTENT_LENGTH"]
    request.environ.update({"wsgi.input": io.BytesIO(form.encode()), "wsgi.input_terminated": True})
    response = registry_token(request)
    assert access_in(json.loads(response.content)["token"]) == {
        "repository:team/app": ["pull", "push"]
    }


def test_session_and_csrf_do_not_matter(signed_in, alice, access_in):
    browser = signed_in(alice)
    browser.handler.enforce_csrf_checks = True
    assert post(browser, grant_type="refresh_token", refresh_token="x").status_code == 401
    assert (
        jwt.decode(browser.get(ADDRESS).json()["token"], options={"verify_signature": False})["sub"]
        == ""
    )


class TestDockerLogin:
    """Refresh tokens."""

    @pytest.fixture
    def secret(self, client, team, alice):
        return ask(client, alice, offline_token="true", client_id="docker").json()["refresh_token"]

    def refresh(self, client, secret, **form):
        return post(client, grant_type="refresh_token", refresh_token=secret, **form)

    def test_is_exchanged_and_kept_hashed(self, client, secret, access_in):
        body = self.refresh(client, secret, scope=APP, access_type="offline").json()
        assert access_in(body["access_token"]) == {"repository:team/app": ["pull", "push"]}
        assert body["scope"] == APP
        assert body["refresh_token"] == secret
        login = DockerLogin.objects.get()
        assert secret.startswith("dcef_")
        assert secret not in login.digest
        assert login.client_id == "docker"

    def test_by_basic_without_a_name(self, client, secret, access_in):
        response = client.get(ADDRESS, {"scope": APP}, headers=basic("", secret))
        assert access_in(response.json()["token"]) == {"repository:team/app": ["pull", "push"]}

    def test_ends_when_revoked(self, client, secret, alice):
        revoke_docker_login(DockerLogin.objects.get(), origin=PORTAL)
        response = self.refresh(client, secret)
        assert response.status_code == 401
        assert "docker login" in response.json()["errors"][0]["message"]

    def test_ends_with_the_password(self, client, secret, alice):
        alice.set_password("another password")
        alice.save()
        assert self.refresh(client, secret).status_code == 401

    def test_ends_with_the_person(self, client, secret, alice):
        alice.is_active = False
        alice.save()
        assert self.refresh(client, secret).status_code == 401

    def test_expires(self, client, secret):
        with time_machine.travel(timezone.now() + timedelta(days=91)):
            assert self.refresh(client, secret).status_code == 401

    def test_only_a_password_makes_one(self, client, alice):
        secret = token_of(alice, "registry.pull").secret
        assert "refresh_token" not in ask(client, alice, secret=secret, offline_token="true").json()
        assert "refresh_token" not in ask(client, offline_token="true").json()

    def test_can_be_switched_off(self, client, alice, settings):
        settings.REGISTRY_DOCKER_LOGINS = False
        assert "refresh_token" not in by_password(client, alice, access_type="offline").json()

    def test_last_use_is_written_at_most_once_a_minute(self, client, secret):
        self.refresh(client, secret)
        with CaptureQueriesContext(connection) as queries:
            self.refresh(client, secret)
        assert len(queries) == 1


def test_every_decision_about_somebody_is_noted(client, team, alice, mallory, noted):
    ask(client, alice, scope="repository:team/app:pull")
    ask(client, alice, scope=APP)
    ask(client, mallory, scope=APP)
    ask(client, scope=APP)
    post(client, grant_type="refresh_token", refresh_token="dcef_x")
    found = [(decision.username, decision.action, decision.result) for decision in noted]
    assert found == [
        ("alice", "registry.token", "allowed"),
        ("alice", "registry.token", "allowed"),
        ("mallory", "registry.token", "denied"),
        ("", "registry.login", "failed"),
    ]
    pushed = noted[1]
    assert (pushed.requested, pushed.granted) == (("pull", "push"), ("pull", "push"))
    assert (noted[2].requested, noted[2].granted) == (("pull", "push"), ())
