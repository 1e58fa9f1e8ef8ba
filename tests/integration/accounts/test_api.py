"""Tokens, teams and "who am I" in the API."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.accounts.models import PersonalToken
from apps.accounts.services import verify_bearer
from tests.factories.accounts import TeamFactory, token_of


def make(script, **wish):
    wish = {"name": "ci", "scopes": ["api.read"], **wish}
    return script.post("/api/v1/tokens/", wish, content_type="application/json")


def test_a_token_is_made_shown_once_and_revoked(alice, signed_in):
    browser = signed_in(alice)
    answer = make(browser, scopes=["registry.pull", "api.read"], days=7)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert verify_bearer(body["secret"], address=None).scopes == {"api.read", "registry.pull"}
    assert "secret" not in browser.get(answer["Location"]).json()
    assert "secret" not in browser.get("/api/v1/tokens/").json()["results"][0]
    assert browser.delete(answer["Location"]).status_code == 204
    assert browser.get(answer["Location"]).json()["is_usable"] is False
    assert browser.delete(answer["Location"]).status_code == 409


def test_a_token_makes_none_that_may_more_than_itself(alice, with_token):
    script = with_token(alice, "api.write")
    assert make(script, scopes=["registry.push"]).status_code == 403
    assert make(script, scopes=["api.write"]).status_code == 201


def test_nobody_reaches_the_tokens_of_others(alice, mallory, administrator, with_token):
    token = token_of(alice).token
    for person in (mallory, administrator):
        script = with_token(person)
        assert script.get(f"/api/v1/tokens/{token.pk}/").status_code == 404
        assert script.delete(f"/api/v1/tokens/{token.pk}/").status_code == 404
        listed = script.get("/api/v1/tokens/").json()["results"]
        assert token.pk not in {row["id"] for row in listed}
    assert PersonalToken.objects.get(pk=token.pk).is_usable


def test_me_says_who_and_what_the_token_allows(operator, with_token):
    me = with_token(operator, "api.read").get("/api/v1/me/").json()
    assert (me["username"], me["groups"], me["scopes"]) == ("otto", ["operator"], ["api.read"])
    assert me["credential"].startswith("script (dcep_")
    assert "nodes.operate_node" in me["permissions"]


def test_people_see_their_teams_and_administrators_all(alice, mallory, administrator, with_token):
    team = TeamFactory(name="ops")
    team.memberships.create(person=alice, role="maintainer")
    address = f"/api/v1/teams/{team.pk}/"
    for person in (alice, administrator):
        body = with_token(person).get(address).json()
        assert body["members"] == [{"person": "alice", "role": "maintainer"}]
        assert body["member_count"] == 1
    assert with_token(mallory).get(address).status_code == 404


def test_a_token_makes_none_that_outlives_it(alice):
    soon = timezone.now() + timedelta(days=2)
    own = token_of(alice, "api.write", expires_at=soon)
    script = Client(headers={"Authorization": f"Bearer {own.secret}"})
    assert make(script, name="longer", scopes=["api.write"], days=90).status_code == 201
    assert PersonalToken.objects.get(name="longer").expires_at == soon
