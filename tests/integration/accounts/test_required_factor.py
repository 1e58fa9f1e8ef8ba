"""The setting that asks a second factor of people, and who is touched by it."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from apps.accounts.security import factors, policy
from apps.accounts.services import may_act_for, verify_credential
from dce_portal.errors import Conflict, NotAuthenticated
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, UserFactory

SECURITY = "/admin/security/"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def test_nobody_is_asked_unless_the_setting_says_so(alice, signed_in):
    assert signed_in(alice).get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/accounts/personaltoken/", "/", "/admin/jsi18n/x/"]
)
def test_who_lacks_one_is_led_to_the_set_up_page_and_nowhere_else(
    alice, signed_in, sign_in_settings, page
):
    client = signed_in(alice)
    sign_in_settings(require_second_factor="everybody")
    answer = client.get(page)
    assert (answer.status_code, answer.url) == (302, SECURITY)


def test_the_set_up_page_and_the_way_out_are_open(alice, signed_in, sign_in_settings):
    client = signed_in(alice)
    sign_in_settings(require_second_factor="everybody")
    page = client.get(SECURITY)
    assert "A second factor is required of you" in page.content.decode()
    assert client.get(f"{SECURITY}app/").status_code == 200
    assert client.post("/admin/logout/").status_code == 200


def test_the_api_says_it_in_words_to_a_session_and_lets_a_token_pass(
    alice, signed_in, with_token, sign_in_settings
):
    client, script = signed_in(alice), with_token(alice)
    sign_in_settings(require_second_factor="everybody")
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_required")
    assert script.get("/api/v1/me/").status_code == 200


def test_administrators_are_those_who_could_become_anybody(
    alice, operator, administrator, sign_in_settings
):
    sign_in_settings(require_second_factor="administrators")
    root = UserFactory(username="root", is_superuser=True)
    assert [policy.is_required(one) for one in (alice, operator, administrator, root)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_password_does_not_go_round_it_by_docker_or_a_live_line(
    alice, signed_in, sign_in_settings
):
    client = signed_in(alice)
    assert may_act_for(client.session, alice)
    sign_in_settings(require_second_factor="everybody")
    assert not may_act_for(client.session, alice)
    with pytest.raises(NotAuthenticated, match="use a personal token"):
        verify_credential("alice", PASSWORD, address="192.0.2.1")


def test_the_last_one_stays_while_it_is_required(alice, phone_of, sign_in_settings):
    phone_of(alice)
    sign_in_settings(require_second_factor="everybody")
    with pytest.raises(Conflict, match="add another one before"):
        factors.remove_app(alice, origin=PORTAL)
    assert factors.factors_of(alice).is_protected
