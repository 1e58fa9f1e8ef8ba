"""Signing in with a second factor, and every way that might go round it."""

from __future__ import annotations

import base64
import re

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import AuditEvent, AuthenticatorApp, RecoveryCode
from apps.accounts.security import factors, recovery
from apps.accounts.services import may_act_for, verify_credential
from dce_portal.errors import NotAuthenticated
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, token_of
from tests.plugins.sign_in import Phone

HOME, SECURITY, STEP = "/admin/", "/admin/security/", "/admin/sign-in/step/"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


def with_password(username: str, password: str = PASSWORD, next_page: str = "") -> Client:
    client = Client()
    address = f"/admin/login/?next={next_page}" if next_page else "/admin/login/"
    client.post(address, {"username": username, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(SECURITY).status_code == 200


def test_a_password_alone_lets_in_who_has_no_second_factor(alice):
    assert is_in(with_password("alice"))


def test_a_password_alone_is_half_the_way_for_who_has_one(alice, phone_of):
    phone = phone_of(alice)
    client = with_password("alice", next_page="/admin/accounts/personaltoken/")
    assert not is_in(client)
    assert client.get("/api/v1/me/").status_code == 401
    answer = client.post(STEP, {"code": phone.code()})
    assert (answer.status_code, answer.url) == (302, "/admin/accounts/personaltoken/")
    assert is_in(client)
    entry = AuditEvent.objects.filter(action="sign_in", result="allowed").first()
    assert (entry.actor, entry.detail) == (alice, {"by": "password + app"})


def test_a_right_password_alone_is_in_the_audit_once_a_minute(alice, phone_of):
    phone_of(alice)
    with_password("alice")
    for _ in range(2):
        with pytest.raises(NotAuthenticated, match="use a personal token"):
            verify_credential("alice", PASSWORD, address="192.0.2.1")
    entries = AuditEvent.objects.filter(action="sign_in.half_way").order_by("pk")
    assert [(one.actor, one.address, one.result) for one in entries] == [
        (alice, "127.0.0.1", "denied"),
        (alice, "192.0.2.1", "denied"),
    ]


def test_a_code_counts_once(alice, phone_of):
    phone = phone_of(alice)
    code = phone.code()
    assert with_password("alice").post(STEP, {"code": code}).status_code == 302
    again = with_password("alice").post(STEP, {"code": code})
    assert again.status_code == 401
    assert "was used already" in again.content.decode()


def test_five_wrong_codes_lead_back_to_the_password(alice, phone_of):
    phone = phone_of(alice)
    client = with_password("alice")
    for number in range(5):
        client.post(STEP, {"code": f"00000{number}"})
    answer = client.post(STEP, {"code": phone.code()})
    assert (answer.status_code, answer.url) == (302, "/admin/login/")
    assert not is_in(client)


def test_guessing_codes_is_slowed_down_across_sessions(alice, phone_of):
    phone = phone_of(alice)
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            factors.prove_by_code(alice, f"00000{number}", origin=PORTAL)
    with pytest.raises(NotAuthenticated, match="Too many wrong codes"):
        factors.prove_by_code(alice, phone.code(), origin=PORTAL)


def test_another_persons_code_is_no_code(alice, bob, phone_of):
    phone_of(alice)
    theirs = phone_of(bob)
    assert with_password("alice").post(STEP, {"code": theirs.code()}).status_code == 401


def test_the_second_step_without_the_first_is_nothing(alice, phone_of):
    phone = phone_of(alice)
    answer = Client().post(STEP, {"code": phone.code()})
    assert (answer.status_code, answer.url) == (302, "/admin/login/")


def test_a_changed_password_ends_the_half_way(alice, phone_of):
    phone = phone_of(alice)
    client = with_password("alice")
    alice.set_password("another one altogether")
    alice.save()
    assert client.post(STEP, {"code": phone.code()}).url == "/admin/login/"


def test_a_session_from_any_other_door_is_nobodys(alice, phone_of, signed_in):
    phone_of(alice)
    client = signed_in(alice)
    assert client.get(HOME).url.startswith("/admin/login/")
    assert client.get("/api/v1/me/").status_code == 401


def test_a_session_from_before_is_kept_where_there_is_no_second_factor(alice):
    client = with_password("alice")
    session = client.session
    del session["dce_signed_in"]
    session.save()
    assert is_in(client)


def test_a_recovery_code_opens_once(alice, phone_of):
    phone_of(alice)
    code = factors.renew_codes(alice, origin=PORTAL)[0]
    assert is_in_after(with_password("alice"), code.upper())
    assert not is_in_after(with_password("alice"), code)
    assert AuditEvent.objects.get(action="recovery_code.use").detail == {"left": 9}


def is_in_after(client: Client, code: str) -> bool:
    client.post(STEP, {"code": code})
    return is_in(client)


def test_neither_secret_nor_codes_are_in_the_tables(alice, phone_of):
    phone = phone_of(alice)
    codes = factors.renew_codes(alice, origin=PORTAL)
    sealed = AuthenticatorApp.objects.get(owner=alice).sealed_secret
    assert phone.secret not in sealed
    digests = list(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(digests) == 10
    assert not {recovery.plain(code) for code in codes} & set(digests)


def test_docker_and_scripts_need_a_token_where_there_is_a_second_factor(alice, phone_of):
    phone_of(alice)
    with pytest.raises(NotAuthenticated, match="use a personal token"):
        verify_credential("alice", PASSWORD, address="192.0.2.1")
    with pytest.raises(NotAuthenticated, match="user name or the password"):
        verify_credential("alice", "wrong", address="192.0.2.1")
    secret = token_of(alice).secret
    assert verify_credential("alice", secret, address="192.0.2.1").user == alice


def test_setting_up_an_app_shows_a_qr_code_and_the_recovery_codes_once(alice):
    client = with_password("alice")
    page = client.get(f"{SECURITY}app/")
    assert "no-store" in page["Cache-Control"]
    text = page.content.decode()
    assert "<svg" in text
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', text)[1]
    assert len(base64.b32decode(secret)) == 20
    phone = Phone(secret)
    assert "does not fit" in client.post(f"{SECURITY}app/", {"code": "000000"}).content.decode()
    answer = client.post(f"{SECURITY}app/", {"code": phone.code()})
    assert answer.url == f"{SECURITY}codes/"
    shown = client.get(answer.url)
    assert "no-store" in shown["Cache-Control"]
    codes = re.findall(r"<code>([0-9a-z-]{19})</code>", shown.content.decode())
    assert len(codes) == 10
    assert client.get(answer.url).status_code == 302
    assert is_in(client)
    assert is_in_after(with_password("alice"), codes[0])


def test_setting_one_up_ends_the_sessions_that_were_begun_without(alice):
    other = with_password("alice")
    assert is_in(other)
    client = with_password("alice")
    secret = re.search(
        r'data-copy="([A-Z2-7]{32})"', client.get(f"{SECURITY}app/").content.decode()
    )[1]
    client.post(f"{SECURITY}app/", {"code": Phone(secret).code()})
    assert is_in(client)
    assert not is_in(other)


def test_setting_one_up_ends_a_session_that_has_asked_for_no_page_yet(alice):
    unused, client = with_password("alice"), with_password("alice")
    secret = re.search(
        r'data-copy="([A-Z2-7]{32})"', client.get(f"{SECURITY}app/").content.decode()
    )[1]
    client.post(f"{SECURITY}app/", {"code": Phone(secret).code()})
    assert not Session.objects.filter(session_key=unused.session.session_key).exists()


def test_a_session_that_was_begun_without_a_factor_is_nobodys_once_there_is_one(alice, phone_of):
    client = with_password("alice")
    assert is_in(client)
    phone_of(alice)
    assert not is_in(client)
    assert not may_act_for(client.session, alice)


def test_a_page_of_another_site_cannot_ask_for_a_passkey_or_end_a_session(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for address in ("/admin/sign-in/passkey/ask/", f"{SECURITY}passkeys/ask/"):
        assert client.post(address, "{}", content_type="application/json").status_code == 403
    for address in ("browsers/end-others/", "app/remove/", "codes/renew/"):
        assert client.post(f"{SECURITY}{address}").status_code == 403
        assert client.get(f"{SECURITY}{address}").status_code == 405


def test_nobody_sees_the_pages_without_signing_in(db):
    pages = ("", "password/", "confirm/", "app/", "codes/")
    assert {Client().get(f"{SECURITY}{page}").status_code for page in pages} == {302}


@pytest.mark.parametrize("body", ["", "[]", "{", '{"answer": 1}', '{"answer": {}}'])
def test_what_no_browser_says_is_refused_in_words(alice, phone_of, body):
    client = Client(headers={"Host": "localhost"})
    client.post("/admin/sign-in/passkey/ask/")
    kind = "application/json"
    answer = client.post("/admin/sign-in/passkey/", body, content_type=kind)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"]


def test_a_passkey_asked_as_a_second_step_does_not_stand_alone(alice, phone_of):
    phone_of(alice)
    client = with_password("alice")
    client.post("/admin/sign-in/passkey/ask/")
    session = client.session
    session["dce_half_way"] = {**session["dce_half_way"], "at": 0}
    session.save()
    answer = client.post(
        "/admin/sign-in/passkey/", '{"answer": {"id": "x"}}', content_type="application/json"
    )
    assert (answer.status_code, "too long" in answer.json()["error"]) == (400, True)


def test_after_a_while_changes_ask_who_it_is(alice, phone_of):
    phone = phone_of(alice)
    client = with_password("alice")
    client.post(STEP, {"code": phone.code()})
    session = client.session
    session["dce_signed_in"] = {**session["dce_signed_in"], "at": 0}
    session.save()
    assert client.post(f"{SECURITY}app/remove/").url == f"{SECURITY}confirm/"
    assert factors.factors_of(alice).is_protected
    client.post(f"{SECURITY}confirm/", {"proof": "wrong"})
    assert client.post(f"{SECURITY}app/remove/").url == f"{SECURITY}confirm/"
    client.post(f"{SECURITY}confirm/", {"proof": PASSWORD})
    client.post(f"{SECURITY}app/remove/")
    assert not factors.factors_of(alice).is_protected
    assert not RecoveryCode.objects.filter(owner=alice).exists()


def test_each_act_is_in_the_audit(alice, phone_of):
    phone_of(alice)
    factors.renew_codes(alice, origin=PORTAL)
    factors.remove_app(alice, origin=PORTAL)
    actions = set(
        AuditEvent.objects.filter(target_id=str(alice.pk)).values_list("action", flat=True)
    )
    assert actions == {"authenticator_app.add", "recovery_codes.make", "authenticator_app.remove"}
