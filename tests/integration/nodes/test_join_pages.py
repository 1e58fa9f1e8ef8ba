"""Add nodes: the page, the dashboard's card and the API, and who may use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent, User
from apps.nodes.joining import offer
from apps.nodes.models import Join, JoinToken
from apps.nodes.selectors.joining import may_watch_joins
from dce_portal import live
from tests.factories.cluster import ClusterFactory
from tests.factories.joining import join_token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_authority")]
SignedIn = Callable[[User], Client]
PAGE = "/admin/nodes/jointoken/"
API = "/api/v1/join-tokens/"
WISH = {"role": "worker", "availability": "active", "uses": 2, "minutes": 60, "labels": "a=b"}


def test_the_empty_page_teaches(administrator: User, signed_in: SignedIn) -> None:
    page = signed_in(administrator).get(PAGE).content.decode()
    for text in (
        "No host has joined by a line yet",
        "12376/tcp",
        "make agent-image",
        "What the line does",
    ):
        assert text in page


def test_the_line_is_shown_once(administrator: User, signed_in: SignedIn) -> None:
    browser = signed_in(administrator)
    answer = browser.post(PAGE, WISH)
    token = JoinToken.objects.get()
    page = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "curl -sSk --pinnedpubkey" in page
    assert f"https://testserver:8443/join/dcej_{token.key}_" in page
    assert (token.labels, token.uses_allowed, token.created_by) == ({"a": "b"}, 2, administrator)
    assert "--pinnedpubkey" not in browser.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(action="jointoken.issue", actor=administrator).exists()


def test_wrong_wishes_are_said_at_their_field(administrator: User, signed_in: SignedIn) -> None:
    browser = signed_in(administrator)
    for wish in ({"uses": 101}, {"labels": "no equals sign at all "}, {"labels": "-x=1"}):
        page = browser.post(PAGE, {**WISH, **wish}).content.decode()
        assert 'role="alert"' in page or JoinToken.objects.count() == 0
    assert not JoinToken.objects.filter(uses_allowed=101).exists()


def test_without_https_there_is_no_line(administrator: User, signed_in: SignedIn, settings) -> None:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, https_port=0)
    page = signed_in(administrator).get(PAGE).content.decode()
    assert "HTTPS is off" in page
    assert "Make the line" not in page


def test_a_token_is_revoked_by_its_button(administrator: User, signed_in: SignedIn) -> None:
    token = join_token_of(administrator).token
    browser = signed_in(administrator)
    address = reverse("admin:nodes_jointoken_revoke", args=[token.pk])
    browser.post(address)
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "revoked already" in browser.post(address, follow=True).content.decode()
    assert browser.get(address).status_code == 405


def test_mallory_sees_and_makes_nothing(
    administrator: User, mallory: User, signed_in: SignedIn
) -> None:
    token = join_token_of(administrator).token
    browser = signed_in(mallory)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, WISH).status_code == 403
    revoke = reverse("admin:nodes_jointoken_revoke", args=[token.pk])
    assert browser.post(revoke).status_code == 403
    assert JoinToken.objects.get().revoked_at is None
    assert not live.may_watch(mallory, "join:all")
    assert Client().get(PAGE).status_code == 302


def test_a_viewer_looks_and_makes_nothing(viewer: User, signed_in: SignedIn) -> None:
    browser = signed_in(viewer)
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "Make the line" not in page.content.decode()
    assert browser.post(PAGE, WISH).status_code == 403
    assert live.may_watch(viewer, "join:all")
    assert not may_watch_joins(viewer, "17")


def test_a_join_shows_its_steps_on_page_and_dashboard(
    administrator: User, signed_in: SignedIn
) -> None:
    ClusterFactory()
    steps = [
        {"name": "image", "state": "failed", "detail": "no room", "at": "2026-01-01T00:00:00Z"}
    ]
    token = join_token_of(administrator).token
    Join.objects.create(
        token=token,
        machine_id="m" * 12,
        hostname="<web1>",
        state="failed",
        steps=steps,
        error="No <room>.",
    )
    browser = signed_in(administrator)
    for address in (PAGE, "/admin/"):
        page = browser.get(address).content.decode()
        assert 'data-step="image" data-state="failed"' in page
        assert "&lt;web1&gt;" in page
        assert "No &lt;room&gt;." in page


def test_the_dashboard_forgets_joins_that_ended_long_ago(
    administrator: User, signed_in: SignedIn
) -> None:
    ClusterFactory()
    token = join_token_of(administrator).token
    Join.objects.create(token=token, machine_id="m" * 12, hostname="web1", state="succeeded")
    Join.objects.update(updated_at=timezone.now() - timedelta(days=1))
    assert "Hosts that join" not in signed_in(administrator).get("/admin/").content.decode()


def test_the_page_asks_as_often_for_many_as_for_few(
    administrator: User, queries_of: Callable[[User, str], int]
) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            token = join_token_of(administrator).token
            Join.objects.create(token=token, machine_id=f"machine{number}", hostname="web1")

    fill(2)
    few = queries_of(administrator, PAGE)
    fill(30)
    assert queries_of(administrator, PAGE) == few


def test_the_api_makes_lists_and_revokes(
    administrator: User, with_token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offer, "agent_image_reference", lambda host: f"{host}/dce/agent:1.2.3")
    script = with_token(administrator)
    made = script.post(API, {"role": "manager", "uses": 3}, content_type="application/json")
    body = made.json()
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    assert body["secret"] in body["curl_line"]
    assert body["secret"] in body["docker_line"]
    assert "/dce/agent:1.2.3 join " in body["docker_line"]
    listed = script.get(API).json()["results"]
    assert [row["uses_allowed"] for row in listed] == [3]
    assert "secret" not in listed[0]
    assert script.delete(f"{API}{body['id']}/").status_code == 204
    assert script.delete(f"{API}{body['id']}/").status_code == 409
    assert script.get("/api/v1/joins/").json()["results"] == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"role": "leader"}, "role"),
        ({"uses": 0}, "uses"),
        ({"minutes": 100_000}, "minutes"),
        ({"labels": {"-": "x"}}, "labels"),
        ({"cluster": 987654}, "cluster"),
    ],
)
def test_the_api_refuses_wrong_wishes(
    wish: dict[str, object], field: str, administrator: User, with_token
) -> None:
    answer = with_token(administrator).post(API, wish, content_type="application/json")
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_single_engines_cannot_be_joined(administrator: User, with_token) -> None:
    engines = ClusterFactory(kind="engines")
    script = with_token(administrator)
    answer = script.post(API, {"cluster": engines.pk}, content_type="application/json")
    assert answer.json()["error"]["message"] == "Hosts can only join a Swarm."


def test_an_operator_may_not_make_tokens(operator: User, with_token) -> None:
    answer = with_token(operator).post(API, {}, content_type="application/json")
    assert answer.status_code == 403
