"""Linking one's own account with an OpenID identity: by its person alone, freshly, and never somebody else's."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.models import AuditEvent, BrowserSession, User
from apps.accounts.security import factors, linked, marks, policy
from dce_portal.errors import Conflict
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.test_openid import come, one_provider, provider

__all__ = ["one_provider", "provider"]

PAGE, GO, UNLINK = (
    "/admin/security/openid/",
    "/admin/security/openid/go/",
    "/admin/security/openid/unlink/",
)
HOME, CONFIRM = "/admin/security/", f"/admin/security/confirm/?next={PAGE}"


def browser_of(person: User) -> Client:
    """Signed in by the sign-in page, a moment ago."""
    client = Client()
    form = {"username": person.username, "password": PASSWORD}
    assert client.post("/admin/login/", form).status_code == 302
    return client


def begun(client: Client) -> str:
    """From the page by its link to the provider; the address that the provider sends the browser back to."""
    ticket = client.get(PAGE).context["ticket"]
    away = client.get(GO, {"ticket": ticket})
    assert away.status_code == 302, away
    with requests.Session() as session:
        session.trust_env = False
        back = session.get(away.url, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def linked_browser(person: User) -> Client:
    client = browser_of(person)
    assert client.get(begun(client)).url == HOME
    assert linked.identity_of(person) is not None
    return client


def age(client: Client, seconds: float) -> None:
    """The person has shown who they are so long ago."""
    session = client.session
    session[policy.SIGNED_IN] = {**session[policy.SIGNED_IN], "at": time.time() - seconds}
    session.save()


def text_of(client: Client) -> str:
    return client.get(HOME).content.decode()


def entries(action: str) -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(action=action).order_by("pk")
    return list(found.values_list("actor_label", "result"))


def test_alice_links_and_comes_in_by_it_as_herself(provider, alice):
    client = linked_browser(alice)
    assert "Linked on" in text_of(client)
    assert entries("openid.link") == [("alice", "allowed")]
    other = Client()
    assert come(other).url == "/admin/"
    assert other.get(HOME).context["person"] == alice
    alice.refresh_from_db()
    assert (alice.source, alice.has_usable_password()) == ("portal", True)
    assert not User.objects.filter(username="carla").exists()
    assert browser_of(alice).get(HOME).status_code == 200


def test_the_portal_says_what_a_linked_person_may_not_the_provider(
    provider, alice, sign_in_settings
):
    linked_browser(alice)
    sign_in_settings(group_map={"devs": ("group:operator",), "ops": ("group:viewer",)})
    alice.groups.add(Group.objects.get(name="viewer"))
    come(Client())
    assert set(alice.groups.values_list("name", flat=True)) == {"viewer"}


def test_the_second_factor_is_asked_for_after_it(provider, alice, phone_of):
    linked_browser(alice)
    phone_of(alice)
    assert come(Client()).url == "/admin/sign-in/step/"


def test_who_signed_in_a_while_ago_shows_first_that_it_is_they(provider, alice):
    client = browser_of(alice)
    ticket = client.get(PAGE).context["ticket"]
    age(client, marks.FRESH_S + 1)
    assert client.get(PAGE).url == CONFIRM
    assert client.get(GO, {"ticket": ticket}).url == CONFIRM
    assert client.post(CONFIRM, {"proof": PASSWORD}).url == PAGE
    assert client.get(begun(client)).url == HOME
    assert linked.identity_of(alice)
    age(client, marks.FRESH_S + 1)
    assert client.post(UNLINK).url == CONFIRM
    assert linked.identity_of(alice)


def test_who_stays_long_at_the_provider_shows_it_once_more(provider, alice):
    client = browser_of(alice)
    back = begun(client)
    age(client, marks.FRESH_S + 1)
    assert client.get(back).url == "/admin/security/confirm/"
    assert linked.identity_of(alice) is None


@pytest.mark.parametrize("query", [{}, {"ticket": ""}, {"ticket": "guessed"}])
def test_another_site_cannot_send_alice_to_the_provider(provider, alice, query):
    client = browser_of(alice)
    assert client.get(GO, query).url == CONFIRM
    client.get(PAGE)
    assert client.get(GO, query).url == CONFIRM


def test_a_ticket_is_good_once(provider, alice):
    client = browser_of(alice)
    ticket = client.get(PAGE).context["ticket"]
    assert client.get(GO, {"ticket": ticket}).url.startswith(provider.issuer)
    assert client.get(GO, {"ticket": ticket}).url == CONFIRM


def test_mallory_cannot_link_the_identity_that_leads_to_alice(provider, alice, mallory):
    linked_browser(alice)
    client = browser_of(mallory)
    assert client.get(begun(client)).url == HOME
    assert "leads to another account" in text_of(client)
    assert linked.identity_of(mallory) is None
    assert entries("openid.link") == [("alice", "allowed"), ("mallory", "denied")]
    again = Client()
    come(again)
    assert again.get(HOME).context["person"] == alice


def test_mallory_cannot_link_the_identity_of_somebody_of_the_provider(provider, mallory):
    come(Client())
    client = browser_of(mallory)
    client.get(begun(client))
    assert SocialAccount.objects.get().user.username == "carla"


def test_mallory_cannot_have_alice_link_mallorys_identity(provider, alice, mallory):
    """She hands the address that leads back from her own start to a browser of Alice's."""
    back = begun(browser_of(mallory))
    victim = browser_of(alice)
    assert victim.get(back).url == HOME
    assert "did not vouch for you" in text_of(victim)
    assert not SocialAccount.objects.exists()


def test_mallory_cannot_end_what_alice_began_in_the_same_browser(provider, alice, mallory):
    client = browser_of(alice)
    back = begun(client)
    client.post("/admin/logout/")
    form = {"username": "mallory", "password": PASSWORD}
    assert client.post("/admin/login/", form).status_code == 302
    client.get(back)
    assert not SocialAccount.objects.exists()


def test_the_state_names_the_person_who_began(provider, alice, mallory):
    """Should a session ever change hands with its states, the identity is still nobody else's."""
    client = browser_of(alice)
    back = begun(client)
    states = client.session["socialaccount_states"]
    thief = browser_of(mallory)
    session = thief.session
    session["socialaccount_states"] = states
    session.save()
    assert thief.get(back).url == HOME
    assert not SocialAccount.objects.exists()


def test_nobody_is_sent_to_the_sign_in_page(provider):
    for address in (PAGE, GO):
        assert Client().get(address).url.startswith("/admin/login/")
    assert Client().post(UNLINK).url.startswith("/admin/login/")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"is_superuser": True}, "Superusers are let in by the portal alone"),
        ({"source": "ldap"}, "Somebody else vouches for you already"),
    ],
)
def test_superusers_and_people_of_a_directory_cannot_link(provider, alice, facts, words):
    client = browser_of(alice)
    back = begun(client)
    User.objects.filter(pk=alice.pk).update(**facts)
    assert client.get(PAGE).url == HOME
    assert words in text_of(client)
    client.get(back)
    assert not SocialAccount.objects.exists()


def test_who_becomes_a_superuser_comes_in_by_it_no_more_and_may_unlink(provider, alice):
    client = linked_browser(alice)
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    other = Client()
    assert come(other).url == "/admin/login/"
    assert "use your password" in other.get("/admin/login/").content.decode()
    assert "Unlink" in text_of(client)
    client.post(UNLINK)
    assert not SocialAccount.objects.exists()


def test_a_second_identity_needs_the_first_to_go(provider, alice):
    client = linked_browser(alice)
    assert client.get(PAGE).url == HOME
    assert "unlink that one first" in text_of(client)


def test_unlinked_it_lets_nobody_in_as_alice_and_its_browsers_are_out(provider, alice):
    client = linked_browser(alice)
    by_it, by_password = Client(), browser_of(alice)
    come(by_it)
    assert client.post(UNLINK).url == HOME
    assert "not linked" in text_of(client)
    assert by_it.get(HOME).status_code == 302
    assert by_password.get(HOME).status_code == 200
    assert not BrowserSession.objects.filter(signed_in_by="openid").exists()
    assert entries("openid.unlink") == [("alice", "allowed")]
    come(Client())
    assert SocialAccount.objects.get().user.username == "carla"


def test_unlinking_is_asked_for_by_a_form(provider, alice):
    client = linked_browser(alice)
    assert client.get(UNLINK).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(UNLINK).status_code == 403
    assert linked.identity_of(alice)


def test_who_has_no_other_way_in_keeps_it(provider, alice):
    client = Client()
    come(client)
    assert "cannot be unlinked" in text_of(client)
    client.post(UNLINK)
    assert SocialAccount.objects.get().user.username == "carla"


def test_without_a_password_and_a_passkey_it_stays(provider, alice):
    linked_browser(alice)
    alice.set_unusable_password()
    alice.save()
    with pytest.raises(Conflict, match="no password and no passkey"):
        linked.unlink(alice, current_key=None, origin=PORTAL)


def test_an_administrators_reset_takes_the_link_too(provider, alice):
    linked_browser(alice)
    factors.reset(alice, origin=PORTAL)
    assert linked.identity_of(alice) is None
    come(Client())
    carla = User.objects.get(username="carla")
    factors.reset(carla, origin=PORTAL)
    assert linked.identity_of(carla)


def test_what_goes_wrong_at_the_provider_leads_back_to_ones_security(provider, alice):
    client = browser_of(alice)
    assert client.get("/admin/sign-in/openid/back/?error=access_denied").url == HOME
    provider.lies = {"nonce": "of another"}
    assert client.get(begun(client)).url == HOME
    assert "did not vouch for you" in text_of(client)
    assert not SocialAccount.objects.exists()


def test_without_a_provider_there_is_nothing_to_link(alice, db):
    client = browser_of(alice)
    assert "Link an identity" not in text_of(client)
    assert client.get(PAGE).status_code == 404


def test_the_pages_are_in_chinese_too(provider, alice):
    client = browser_of(alice)
    chinese = {"Accept-Language": "zh-hans"}
    assert "关联身份" in client.get(HOME, headers=chinese).content.decode()
    assert "前往 Example ID" in client.get(PAGE, headers=chinese).content.decode()
