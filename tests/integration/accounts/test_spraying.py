"""One address that tries many names or tokens: it waits, others behind it go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts import credentials, lockout, spraying, uses
from apps.accounts.lockout import LockedOut
from apps.accounts.models import AuditEvent, User
from apps.accounts.pages.entering import begin_session
from apps.accounts.services import verify_bearer, verify_credential
from apps.accounts.spraying import FREE_NAMES
from apps.accounts.tokens import generate
from apps.registry.services.logins import verify_docker_login
from apps.registry.services.robots import verify_robot
from dce_portal.errors import NotAuthenticated
from tests.factories.accounts import PASSWORD, token_of

pytestmark = pytest.mark.django_db

OFFICE, ELSEWHERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()
    uses._noted.clear()


def check(username, secret, address=OFFICE):
    return verify_credential(username, secret, address=address)


def spray(count=FREE_NAMES, *, address=OFFICE, begin=0):
    for number in range(begin, begin + count):
        with pytest.raises(NotAuthenticated):
            check(f"person-{number}", "Winter2026", address=address)


def new_token(**facts):
    return generate(**facts).whole


def slowed():
    return AuditEvent.objects.filter(action="sign_in.slowed")


def test_one_password_for_many_names_has_to_wait_longer_each_time(alice):
    with time_machine.travel(datetime(2026, 1, 5, tzinfo=UTC), tick=False) as clock:
        spray()
        for number, wait_s in enumerate((2, 4, 8)):
            with pytest.raises(LockedOut, match="Too many names"):
                check("alice", PASSWORD)
            assert wait_s < spraying.seconds_to_wait(OFFICE) <= wait_s + 1
            clock.shift(timedelta(seconds=wait_s + 1))
            spray(1, begin=100 + number)


def test_a_wait_never_lasts_longer_than_a_quarter_of_an_hour(alice):
    with time_machine.travel(datetime(2026, 1, 5, tzinfo=UTC), tick=False) as clock:
        for number in range(FREE_NAMES + 20):
            spray(1, begin=number)
            clock.shift(timedelta(seconds=901))
        assert check("alice", PASSWORD).user == alice


def test_another_address_does_not_wait(alice):
    spray()
    assert check("alice", PASSWORD, ELSEWHERE).user == alice


def test_who_signed_in_from_there_before_goes_on(alice, bob):
    check("alice", PASSWORD)
    spray()
    assert check("alice", PASSWORD).user == alice
    with pytest.raises(NotAuthenticated, match="user name or the password"):
        check("alice", "a slip of the finger")
    with pytest.raises(LockedOut):
        check("bob", PASSWORD)


def test_knowing_a_name_from_elsewhere_is_not_enough(alice):
    check("alice", PASSWORD, ELSEWHERE)
    spray()
    with pytest.raises(LockedOut):
        check("alice", PASSWORD)


def test_one_mistaken_client_puts_nobody_out(alice, bob):
    """The same name over and over, with one password and with many, and a token that is none."""
    with time_machine.travel(datetime(2026, 1, 5, tzinfo=UTC), tick=False) as clock:
        for number in range(40):
            for name, secret in (("robot", "the same"), ("robot", f"{number}"), ("x", "dcep_cut")):
                with pytest.raises(NotAuthenticated):
                    check(name, secret)
            clock.shift(timedelta(seconds=30))
    assert check("alice", PASSWORD).user == alice
    assert not slowed().exists()


def test_good_tokens_go_on_and_are_asked_for_in_one_query(alice, django_assert_num_queries):
    secret = token_of(alice).secret
    verify_bearer(secret, address=OFFICE)
    spray()
    with django_assert_num_queries(1) as asked:
        assert verify_bearer(secret, address=OFFICE).user == alice
    assert asked[0]["sql"].startswith("SELECT")


@pytest.mark.parametrize(
    "guess",
    [
        lambda: verify_bearer(new_token(), address=OFFICE),
        lambda: check("alice", new_token()),
        lambda: verify_robot("robot-team-ci", new_token(prefix="dcer_"), address=OFFICE),
        lambda: verify_docker_login(new_token(prefix="dcef_"), service="x", address=OFFICE),
        lambda: verify_bearer(new_token()[:-2], address=OFFICE),
    ],
    ids=["token", "named token", "robot", "docker login", "mistyped"],
)
def test_guessing_tokens_counts_and_is_told_to_wait(guess):
    for _number in range(FREE_NAMES):
        with pytest.raises(NotAuthenticated) as refused:
            guess()
        assert not isinstance(refused.value, LockedOut)
    with pytest.raises(LockedOut, match="Too many names and tokens"):
        guess()
    assert slowed().count() == 1


def test_a_token_that_ended_is_no_guess(alice):
    secret = token_of(alice, revoked_at=timezone.now()).secret
    for _number in range(FREE_NAMES + 2):
        with pytest.raises(NotAuthenticated, match="revoked"):
            verify_bearer(secret, address=OFFICE)
    assert spraying.seconds_to_wait(OFFICE) == 0


def test_the_audit_has_one_line_for_the_whole_wait(alice):
    with time_machine.travel(datetime(2026, 1, 5, tzinfo=UTC), tick=False) as clock:
        for number in range(FREE_NAMES + 6):
            spray(1, begin=number)
            for _again in range(3):
                with pytest.raises(NotAuthenticated):
                    check(f"while-waiting-{number}", "Winter2026")
            clock.shift(timedelta(seconds=901))
    (entry,) = slowed()
    assert (entry.address, entry.target_label, entry.result) == (OFFICE, OFFICE, "denied")
    assert entry.detail == {"tried": FREE_NAMES}


def test_all_of_an_ipv6_network_is_one_address(alice):
    for number in range(FREE_NAMES):
        spray(1, begin=number, address=f"2001:db8::{number + 1:x}")
    with pytest.raises(LockedOut):
        check("alice", PASSWORD, "2001:db8::ffff")
    assert check("alice", PASSWORD, "2001:db8:0:1::1").user == alice
    assert slowed().get().target_label == "2001:db8::/64"


def test_spellings_of_one_name_are_one_name(alice):
    for number in range(FREE_NAMES + 3):
        with pytest.raises(NotAuthenticated):
            check(" " * number + "Carol", f"guess {number}", OFFICE)
        cache.delete(lockout._key("carol", OFFICE))
    assert check("alice", PASSWORD).user == alice


def test_of_guesses_under_way_at_once_a_right_one_is_not_told(alice, monkeypatch):
    def slow(*_arguments):
        for number in range(FREE_NAMES):
            spraying.count_name(f"person-{number}", address=OFFICE)
        return True

    monkeypatch.setattr(User, "check_password", slow)
    with pytest.raises(LockedOut):
        check("alice", "the right guess")
    assert spraying.seconds_to_wait(OFFICE) > 0


def test_without_an_address_nobody_waits(alice):
    spray(FREE_NAMES + 5, address=None)
    assert check("alice", PASSWORD, None).user == alice


def test_while_it_waits_no_password_is_hashed(alice, monkeypatch):
    spray()
    monkeypatch.setattr(User, "check_password", lambda *_: pytest.fail("hashed"))
    monkeypatch.setattr(credentials, "make_password", lambda *_: pytest.fail("hashed"))
    for name in ("alice", "nobody"):
        with pytest.raises(LockedOut):
            check(name, "Winter2026")


def test_the_sign_in_page_says_so(client, alice):
    for number in range(FREE_NAMES):
        spray(1, begin=number, address="127.0.0.1")
    form = {"username": "alice", "password": PASSWORD}
    assert "Too many names and tokens failed" in client.post("/admin/login/", form).content.decode()


def test_who_came_in_by_another_way_may_confirm_by_password(alice):
    """A person of the portal who used a passkey or an OpenID identity is no newcomer at this address."""
    browser = Client()
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1")
    request.session, request.user = browser.session, alice
    begin_session(request, alice, first="passkey", second="")
    spray(address="127.0.0.1")
    assert check("alice", PASSWORD, "127.0.0.1").user == alice
