"""Signing in by an OpenID provider: the real flow, against one that runs on this machine."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEvent, Team, User
from dce_portal.secret import Secret
from tests.factories.accounts import UserFactory
from tests.standins.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    new_key,
    running_provider,
)

START = "/admin/sign-in/openid/"
CARLA = {
    "sub": "7f3a",
    "preferred_username": "carla",
    "given_name": "Carla",
    "family_name": "Cole",
    "email": "carla@example.test",
    "groups": ["devs", "strangers"],
}


@pytest.fixture(scope="module")
def one_provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(one_provider, sign_in_settings, db):
    cache.clear()
    one_provider.claims, one_provider.lies, one_provider.published_key = dict(CARLA), {}, None
    one_provider.refusals.clear()
    sign_in_settings(
        oidc_issuer=one_provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=Secret(CLIENT_SECRET),
        oidc_name="Example ID",
    )
    return one_provider


def come(client: Client, next_page: str = "") -> object:
    """Walk as a browser does: to the provider, and back with what it gave."""
    away = client.get(START, {"next": next_page})
    assert away.status_code == 302
    with requests.Session() as session:
        session.trust_env = False
        back = session.get(away.url, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


def test_the_sign_in_page_offers_it(provider):
    text = Client().get("/admin/login/").content.decode()
    assert "Sign in with Example ID" in text


def test_without_a_provider_there_is_no_such_page(db):
    assert Client().get(START).status_code == 404
    assert "Sign in with" not in Client().get("/admin/login/").content.decode()


def test_a_new_person_comes_in_with_no_rights_and_no_password(provider):
    client = Client()
    answer = come(client, next_page="/admin/accounts/personaltoken/")
    assert (answer.status_code, answer.url) == (302, "/admin/accounts/personaltoken/")
    carla = User.objects.get(username="carla")
    assert (carla.source, carla.email, carla.get_full_name()) == (
        "openid",
        "carla@example.test",
        "Carla Cole",
    )
    assert not carla.has_usable_password()
    assert not carla.get_all_permissions()
    assert client.get("/admin/security/").status_code == 200
    assert AuditEvent.objects.filter(action="sign_in", actor=carla).get().detail == {"by": "openid"}
    assert provider.refusals == []


def test_what_goes_to_the_provider_has_state_nonce_and_pkce(provider):
    query = parse_qs(urlsplit(Client().get(START).url).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 16
    assert len(query["nonce"][0]) >= 32
    assert query["redirect_uri"] == ["http://testserver/admin/sign-in/openid/back/"]


def test_the_provider_knows_people_by_its_own_number_not_by_name(provider):
    come(Client())
    provider.claims["preferred_username"] = "carla-married"
    come(Client())
    assert User.objects.filter(source="openid").count() == 1


def test_a_name_that_is_somebodys_here_is_not_taken(provider, alice):
    provider.claims["preferred_username"] = "alice"
    client = Client()
    assert come(client).url == "/admin/login/"
    assert "belongs to somebody else here" in client.get("/admin/login/").content.decode()
    assert not SocialAccount.objects.exists()


def test_a_name_is_taken_over_where_the_settings_say_so_and_never_a_superusers(
    provider, alice, sign_in_settings
):
    sign_in_settings(adopt_people=True)
    provider.claims["preferred_username"] = "alice"
    come(Client())
    alice.refresh_from_db()
    assert (alice.source, alice.has_usable_password()) == ("openid", False)
    UserFactory(username="root", is_superuser=True)
    provider.claims.update(sub="another", preferred_username="root")
    assert come(Client()).url == "/admin/login/"
    assert User.objects.get(username="root").source == "portal"


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another-client"},
        {"iss": "http://evil.example"},
        {"exp": 1},
        {"sub": "somebody else than userinfo says"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(provider, lie):
    provider.lies = lie
    client = Client()
    assert come(client).url == "/admin/login/"
    assert not User.objects.filter(username="carla").exists()
    assert "did not vouch for you" in client.get("/admin/login/").content.decode()
    assert AuditEvent.objects.filter(action="sign_in", result="denied").exists()


def test_a_token_signed_by_another_key_is_refused(provider):
    provider.published_key = new_key()
    assert come(Client()).url == "/admin/login/"
    assert not User.objects.filter(username="carla").exists()


def test_an_answer_that_nobody_asked_for_is_refused(provider):
    client, victim = Client(), Client()
    away = client.get(START)
    with requests.Session() as session:
        session.trust_env = False
        back = session.get(away.url, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    assert victim.get(f"{parts.path}?{parts.query}").url == "/admin/login/"
    assert victim.get("/admin/sign-in/openid/back/?error=access_denied").url == "/admin/login/"
    assert not User.objects.filter(username="carla").exists()


def test_a_person_who_was_put_out_stays_out(provider):
    come(Client())
    User.objects.filter(username="carla").update(is_active=False)
    client = Client()
    assert come(client).url == "/admin/login/"
    assert "may not sign in here any more" in client.get("/admin/login/").content.decode()


def test_a_provider_that_does_not_answer_is_said_in_words(provider, sign_in_settings):
    sign_in_settings(oidc_issuer="http://127.0.0.1:9")
    client = Client()
    assert client.get(START).url == "/admin/login/"
    assert "does not answer" in client.get("/admin/login/").content.decode()


def test_the_second_factor_is_asked_for_unless_the_provider_is_enough(
    provider, phone_of, sign_in_settings
):
    come(Client())
    phone = phone_of(User.objects.get(username="carla"))
    client = Client()
    assert come(client).url == "/admin/sign-in/step/"
    client.post("/admin/sign-in/step/", {"code": phone.code()})
    assert client.get("/admin/security/").status_code == 200
    sign_in_settings(oidc_is_enough=True, require_second_factor="everybody")
    enough = Client()
    assert come(enough).url == "/admin/"
    assert enough.get("/admin/accounts/personaltoken/").status_code == 200


def test_groups_and_teams_follow_the_provider_and_others_stay(provider, sign_in_settings):
    for name in ("developers", "by-hand"):
        Team.objects.create(name=name)
    sign_in_settings(
        group_map={"devs": ("team:developers", "group:viewer"), "ops": ("group:operator",)}
    )
    come(Client())
    carla = User.objects.get(username="carla")
    Team.objects.get(name="by-hand").memberships.create(person=carla)
    assert set(carla.groups.values_list("name", flat=True)) == {"viewer"}
    provider.claims["groups"] = ["ops"]
    come(Client())
    assert set(carla.groups.values_list("name", flat=True)) == {"operator"}
    assert set(carla.teams.values_list("name", flat=True)) == {"by-hand"}
    changes = AuditEvent.objects.filter(action="person.groups").order_by("pk")
    assert [entry.detail for entry in changes] == [
        {"groups": ["viewer"], "teams": ["developers"]},
        {"groups": ["operator"], "teams": []},
    ]


def test_the_same_number_at_another_provider_is_somebody_else(provider):
    come(Client())
    carla = User.objects.get(username="carla")
    account = SocialAccount.objects.get(user=carla)
    assert account.uid == number_at(provider.issuer)
    account.uid = number_at("https://the-provider-before.example")
    account.save()
    assert come(Client()).url == "/admin/login/"
    assert SocialAccount.objects.count() == 1


def number_at(issuer: str) -> str:
    return hashlib.sha256(f"{issuer}\0{CARLA['sub']}".encode()).hexdigest()


def test_people_from_before_are_bound_to_the_provider_that_the_settings_name(provider, alice):
    step = import_module("apps.accounts.migrations.0004_openid_people_by_issuer")
    account = SocialAccount.objects.create(provider="openid", uid=CARLA["sub"], user=alice)
    step.bind_to_issuer(apps, None)
    account.refresh_from_db()
    assert account.uid == number_at(provider.issuer)
    come(Client())
    assert AuditEvent.objects.filter(action="sign_in", actor=alice, result="allowed").exists()


def test_who_comes_for_the_first_time_is_kept_whole_or_not_at_all(provider, monkeypatch):
    def full(**_values):
        raise DatabaseError("no room")

    monkeypatch.setattr(SocialAccount.objects, "create", full)
    with pytest.raises(DatabaseError):
        come(Client())
    assert not User.objects.filter(username="carla").exists()


def test_who_only_starts_leaves_a_session_of_minutes(provider):
    Client().get(START)
    left = Session.objects.get().expire_date - timezone.now()
    assert left <= timedelta(minutes=10)


def test_refusals_of_one_address_fill_one_line_of_the_audit_a_minute(provider):
    def refused(address: str) -> None:
        client = Client(headers={"X-Real-IP": address})
        assert client.get(f"{START}back/?error=access_denied").url == "/admin/login/"

    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        refused(address)
    assert AuditEvent.objects.filter(action="sign_in", result="denied").count() == 3


def test_the_provider_is_asked_where_everything_is_once_a_minute(provider, monkeypatch):
    asked = []
    really = provider.discovery
    monkeypatch.setattr(provider, "discovery", lambda: asked.append(1) or really())
    for _ in range(3):
        Client().get(START)
    assert len(asked) == 1
