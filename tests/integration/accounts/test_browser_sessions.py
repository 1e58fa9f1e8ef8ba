"""Where somebody is signed in: listed, ended by themselves and by an administrator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEvent, BrowserSession
from apps.accounts.security import browsers, factors
from apps.accounts.tasks import drop_ended_sessions
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, UserFactory

SECURITY = "/admin/security/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_PASSWORD = "entirely different words"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def browser(username: str, address: str, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent, "X-Real-IP": address})
    client.post("/admin/login/", {"username": username, "password": PASSWORD})
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get(SECURITY).status_code == 200


def test_the_page_shows_each_with_device_address_and_times(alice):
    browser("alice", "192.0.2.7", agent="curl/8.5.0")
    text = browser("alice", "192.0.2.8").get(SECURITY).content.decode()
    for shown in ("Firefox · Linux", "192.0.2.8", "this browser", "curl", "192.0.2.7", "since "):
        assert shown in text


def test_one_is_ended_without_the_others(alice):
    here, there = browser("alice", "192.0.2.7"), browser("alice", "192.0.2.8")
    row = BrowserSession.objects.get(session_key=there.session.session_key)
    here.post(f"{SECURITY}browsers/{row.pk}/end/")
    assert (is_in(here), is_in(there)) == (True, False)
    entry = AuditEvent.objects.get(action="session.end")
    assert entry.detail == {"address": "192.0.2.8", "browser": "Firefox · Linux"}


def test_all_others_are_ended_at_once(alice, bob):
    here, there = browser("alice", "192.0.2.7"), browser("alice", "192.0.2.8")
    theirs = browser("bob", "192.0.2.9")
    here.post(f"{SECURITY}browsers/end-others/")
    assert (is_in(here), is_in(there), is_in(theirs)) == (True, False, True)


def test_a_browser_that_has_signed_in_and_asked_for_nothing_yet_is_listed_and_ended(alice):
    unused = Client(headers={"User-Agent": FIREFOX, "X-Real-IP": "192.0.2.66"})
    unused.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    assert [row.address for row in browsers.browsers_of(alice)] == ["192.0.2.66"]
    assert browsers.end_browsers(alice, origin=PORTAL) == 1
    assert not is_in(unused)


def test_mallory_ends_nobody_elses(alice, mallory):
    victim = browser("alice", "192.0.2.7")
    row = BrowserSession.objects.get(session_key=victim.session.session_key)
    attacker = browser("mallory", "192.0.2.66")
    attacker.post(f"{SECURITY}browsers/{row.pk}/end/")
    page = f"/admin/accounts/user/{alice.pk}"
    for act in (f"{page}/browsers/{row.pk}/end/", f"{page}/browsers/end/"):
        assert attacker.post(act).status_code == 403
    assert attacker.post(f"{page}/second-factor/reset/").status_code == 403
    assert is_in(victim)


def test_a_new_password_ends_the_others_and_keeps_this_one(alice):
    here, there = browser("alice", "192.0.2.7"), browser("alice", "192.0.2.8")
    form = {"old_password": "wrong", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert "not right" in here.post(f"{SECURITY}password/", form).content.decode()
    assert is_in(there)
    here.post(f"{SECURITY}password/", {**form, "old_password": PASSWORD})
    assert (is_in(here), is_in(there)) == (True, False)
    assert BrowserSession.objects.filter(owner=alice).count() == 1
    assert AuditEvent.objects.filter(action="password.change", actor=alice).exists()


def test_the_admins_own_password_page_leads_to_ours(alice):
    answer = browser("alice", "192.0.2.7").get("/admin/password_change/")
    assert (answer.status_code, answer.url) == (302, f"{SECURITY}password/")


def test_what_has_ended_otherwise_is_not_listed(alice):
    client = browser("alice", "192.0.2.7")
    assert len(browsers.browsers_of(alice)) == 1
    client.post("/admin/logout/")
    assert browsers.browsers_of(alice) == []
    assert not BrowserSession.objects.exists()


def test_an_administrator_signs_somebody_out_and_resets_what_they_lost(
    administrator, alice, phone_of, signed_in
):
    client = browser("alice", "192.0.2.7")
    phone_of(alice)
    desk = signed_in(administrator)
    page = f"/admin/accounts/user/{alice.pk}/change/"
    text = desk.get(page).content.decode()
    assert "Reset: they have lost it" in text
    assert "192.0.2.7" in text
    desk.post(f"/admin/accounts/user/{alice.pk}/second-factor/reset/")
    assert not factors.factors_of(alice).is_protected
    assert not is_in(client)
    assert AuditEvent.objects.get(action="second_factor.reset").actor == administrator


def test_an_administrator_confirms_who_they_are_before_somebodys_factor_or_password_goes(
    administrator, alice, phone_of, signed_in
):
    phone_of(alice)
    desk = signed_in(administrator)
    session = desk.session
    session["dce_signed_in"] = {**session["dce_signed_in"], "at": 0}
    session.save()
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    for person in (alice, administrator):
        page = f"/admin/accounts/user/{person.pk}"
        confirm = f"{SECURITY}confirm/?next={page}/change/"
        assert desk.post(f"{page}/second-factor/reset/").url == confirm
        assert desk.post(f"{page}/password/", form).url == confirm
        person.refresh_from_db()
        assert person.check_password(PASSWORD)
    assert factors.factors_of(alice).is_protected
    elsewhere = f"{SECURITY}confirm/?next=https://elsewhere.example/"
    assert desk.post(elsewhere, {"proof": PASSWORD}).url == "/admin/"
    assert desk.post(confirm, {"proof": PASSWORD}).url == f"{page}/change/"
    desk.post(f"/admin/accounts/user/{alice.pk}/second-factor/reset/")
    assert not factors.factors_of(alice).is_protected


def test_the_password_page_of_nobody_is_not_found(administrator, signed_in):
    desk = signed_in(administrator)
    for nobody in ("x", "0"):
        assert desk.get(f"/admin/accounts/user/{nobody}/password/").status_code == 404


def test_an_administrator_does_not_touch_a_superuser(administrator, signed_in, phone_of):
    root = UserFactory(username="root", is_superuser=True)
    phone_of(root)
    desk = signed_in(administrator)
    assert desk.post(f"/admin/accounts/user/{root.pk}/second-factor/reset/").status_code == 403
    assert factors.factors_of(root).is_protected


def test_an_administrators_new_password_for_somebody_signs_them_out(
    administrator, alice, signed_in
):
    client = browser("alice", "192.0.2.7")
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    signed_in(administrator).post(f"/admin/accounts/user/{alice.pk}/password/", form)
    assert not is_in(client)
    assert not BrowserSession.objects.filter(owner=alice).exists()
    assert AuditEvent.objects.get(action="password.change").actor == administrator


def test_a_row_is_written_once_a_minute(alice):
    client = browser("alice", "192.0.2.7")
    session = BrowserSession.objects.get()
    client.get(SECURITY)
    assert BrowserSession.objects.get().last_seen_at == session.last_seen_at


def test_ending_none_is_no_news(alice):
    assert browsers.end_browsers(alice, origin=PORTAL) == 0
    assert not AuditEvent.objects.filter(action="session.end_all").exists()


def test_sessions_that_are_over_are_dropped_with_their_rows(alice, bob):
    over, alive = browser("alice", "192.0.2.7"), browser("bob", "192.0.2.8")
    Session.objects.filter(session_key=over.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    drop_ended_sessions()
    assert [row.owner for row in BrowserSession.objects.all()] == [bob]
    assert is_in(alive)


def test_more_sessions_that_are_over_than_one_batch_are_dropped_in_one_run(db, monkeypatch):
    monkeypatch.setattr(browsers, "BATCH", 2)
    over = timezone.now() - timedelta(seconds=1)
    Session.objects.bulk_create(
        Session(session_key=f"over-{number}", session_data="", expire_date=over)
        for number in range(5)
    )
    assert browsers.drop_ended(run_s=0.0) == 0
    assert browsers.drop_ended() == 5


def test_who_only_looks_at_the_passkey_button_leaves_a_session_of_minutes(db):
    Client().post("/admin/sign-in/passkey/ask/", headers={"Host": "localhost"})
    left = Session.objects.get().expire_date - timezone.now()
    assert left <= timedelta(minutes=5)
