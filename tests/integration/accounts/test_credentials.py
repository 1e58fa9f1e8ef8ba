"""Signing in with passwords and tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
import time_machine
from django.core.cache import cache
from django.utils import timezone

from apps.accounts import credentials, lockout, uses
from apps.accounts.lockout import FREE_TRIES, LockedOut
from apps.accounts.models import AuditEvent, PersonalToken, User
from apps.accounts.services import (
    record_audit,
    revoke_personal_token,
    verify_bearer,
    verify_credential,
)
from dce_portal.errors import Conflict, NotAuthenticated
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, token_of

HOME = "192.0.2.1"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()
    uses._noted.clear()


def check(username, secret, address=HOME):
    return verify_credential(username, secret, address=address)


def test_a_right_password_gives_all_of_the_persons_rights(alice):
    credential = check("alice", PASSWORD)
    assert (credential.user, credential.kind, credential.scopes) == (alice, "password", None)
    assert credential.allows("registry.delete")


def test_a_remembered_password_costs_no_second_slow_hash(alice, monkeypatch):
    check("alice", PASSWORD)
    monkeypatch.setattr(User, "check_password", lambda *_: pytest.fail("asked the slow hash again"))
    assert check("alice", PASSWORD).user == alice


def test_a_changed_password_is_forgotten_at_once(alice):
    check("alice", PASSWORD)
    alice.set_password("another one altogether")
    alice.save()
    with pytest.raises(NotAuthenticated):
        check("alice", PASSWORD)


def test_a_person_who_was_put_out_is_refused_at_once(alice):
    check("alice", PASSWORD)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(NotAuthenticated):
        check("alice", PASSWORD)


@pytest.mark.parametrize("username", ["alice", "nobody", "nul\x00", "a" * 5000, ""])
def test_wrong_passwords_and_unknown_names_get_the_same_sentence(alice, username):
    with pytest.raises(NotAuthenticated, match="user name or the password"):
        check(username, "wrong")


def test_guessing_is_locked_out_for_the_name_at_this_address_only(alice, bob):
    for number in range(FREE_TRIES):
        with pytest.raises(NotAuthenticated):
            check("alice", f"guess {number}")
    with pytest.raises(LockedOut, match="try again in"):
        check("alice", PASSWORD)
    assert check("alice", PASSWORD, address="192.0.2.2").user == alice
    assert check("bob", PASSWORD).user == bob


@pytest.mark.parametrize(
    "spelling", ["ALICE", " alice", "alice  ", "\uff41lice", "ali\u00adce", "alic\u0065\u0301"]
)
def test_another_spelling_that_a_directory_takes_for_the_same_name_is_locked_out_too(
    alice, spelling
):
    for number in range(FREE_TRIES):
        with pytest.raises(NotAuthenticated):
            check("alice", f"guess {number}")
    with pytest.raises(LockedOut):
        check(spelling, "one more guess")


def test_of_guesses_under_way_at_once_a_right_one_is_not_told_after_the_fifth(alice, monkeypatch):
    def slow(*_arguments):
        for number in range(FREE_TRIES):
            lockout.count_failure("alice", f"guess {number}", address=HOME)
        return True

    monkeypatch.setattr(User, "check_password", slow)
    with pytest.raises(LockedOut):
        check("alice", "the right guess")


@pytest.mark.redis
def test_guesses_count_in_redis_and_are_forgotten_after_a_right_password(
    alice, redis_server, settings
):
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": redis_server.url_of(6)}}
    cache.clear()
    for number in range(FREE_TRIES - 1):
        assert lockout.count_failure("alice", f"guess {number}", address=HOME)
    assert not lockout.count_failure("alice", "guess 0", address=HOME)
    assert check("alice", PASSWORD).user == alice
    for number in range(FREE_TRIES):
        assert lockout.seconds_to_wait("alice", address=HOME) == 0
        lockout.count_failure("alice", f"later guess {number}", address=HOME)
    assert 1 <= lockout.seconds_to_wait("alice", address=HOME) <= 3
    cache.clear()


def test_a_name_of_several_words_is_not_another_ones(alice):
    for number in range(FREE_TRIES):
        with pytest.raises(NotAuthenticated):
            check("ali ce", f"guess {number}")
    assert check("alice", PASSWORD).user == alice


def test_a_deactivated_name_takes_as_long_as_an_unknown_one(alice, monkeypatch):
    hashed = []
    monkeypatch.setattr(credentials, "make_password", hashed.append)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    for username in ("nobody", "alice"):
        with pytest.raises(NotAuthenticated):
            check(username, "wrong")
    assert hashed == ["wrong", "wrong"]


def test_the_lock_out_ends_by_itself(alice):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(FREE_TRIES):
            with pytest.raises(NotAuthenticated):
                check("alice", f"guess {number}")
        clock.shift(timedelta(seconds=3))
        assert check("alice", PASSWORD).user == alice


def test_a_client_that_repeats_itself_is_not_locked_out(alice):
    for _ in range(FREE_TRIES * 3):
        with pytest.raises(NotAuthenticated, match="user name or the password"):
            check("alice", "the same wrong password")
    assert AuditEvent.objects.filter(action="sign_in", result="denied").count() == 1


def test_a_locked_out_name_may_still_use_tokens(alice):
    for number in range(FREE_TRIES):
        with pytest.raises(NotAuthenticated):
            check("alice", f"guess {number}")
    assert check("alice", token_of(alice).secret).user == alice


def test_signing_in_goes_on_without_the_cache(alice, monkeypatch):
    from redis.exceptions import ConnectionError as NoRedis

    def away(*_args, **_options):
        raise NoRedis("away")

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(cache, name, away)
    assert check("alice", PASSWORD).user == alice


def test_a_token_gives_its_scopes_only(alice):
    issued = token_of(alice, "registry.pull")
    credential = check("alice", issued.secret)
    assert (credential.kind, credential.token) == ("token", issued.token)
    assert credential.scopes == {"registry.pull"}
    assert not credential.allows("registry.push")


def test_a_token_under_another_name_is_refused(alice, mallory):
    with pytest.raises(NotAuthenticated, match="another user name"):
        check("mallory", token_of(alice).secret)


def _mistyped(secret: str) -> str:
    return secret[:-1] + ("0" if secret[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"revoked_at": timezone.now()}, "was revoked"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired on"),
    ],
)
def test_a_token_that_ended_is_refused_and_says_why(alice, facts, sentence):
    with pytest.raises(NotAuthenticated, match=sentence):
        verify_bearer(token_of(alice, **facts).secret, address=HOME)


def test_a_mistyped_token_is_told_from_an_unknown_one_without_the_database(
    alice, django_assert_num_queries
):
    issued = token_of(alice)
    with django_assert_num_queries(0), pytest.raises(NotAuthenticated, match="mistyped"):
        verify_bearer(_mistyped(issued.secret), address=HOME)
    PersonalToken.objects.all().delete()
    with pytest.raises(NotAuthenticated, match="not known"):
        verify_bearer(issued.secret, address=HOME)


def test_a_token_of_a_person_who_was_put_out_is_refused(alice):
    issued = token_of(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(NotAuthenticated, match="may no longer sign in"):
        verify_bearer(issued.secret, address=HOME)


@pytest.mark.redis
def test_the_last_use_is_noted_once_a_minute_and_written_later(
    alice, django_assert_num_queries, redis_server, monkeypatch
):
    client = redis.Redis.from_url(redis_server.url_of(6))
    monkeypatch.setattr("dce_portal.live.client", lambda: client)
    client.delete(uses.HASH_KEY)
    issued = token_of(alice)
    with django_assert_num_queries(2):
        verify_bearer(issued.secret, address=HOME)
        verify_bearer(issued.secret, address="192.0.2.9")
    issued.token.refresh_from_db()
    assert issued.token.last_used_at is None
    assert uses.store_uses() == 1
    assert uses.store_uses() == 0
    issued.token.refresh_from_db()
    assert issued.token.last_used_address == HOME
    assert issued.token.last_used_at is not None
    client.close()


def test_a_token_goes_on_without_redis(alice, monkeypatch):
    class Away:
        def hset(self, *_args):
            raise redis.ConnectionError("away")

        def pipeline(self, **_options):
            raise redis.ConnectionError("away")

    monkeypatch.setattr("dce_portal.live.client", Away)
    assert verify_bearer(token_of(alice).secret, address=HOME).user == alice
    assert uses.store_uses() == 0


def test_only_a_keyed_digest_is_stored(alice):
    issued = token_of(alice)
    row = PersonalToken.objects.values().get()
    assert issued.secret[-46:] not in str(row)
    assert row["digest"] == credentials.token_digest(issued.secret)


def test_the_secret_is_in_no_audit_entry_no_log_and_no_repr(alice, caplog):
    issued = token_of(alice)
    verify_bearer(issued.secret, address=HOME)
    with pytest.raises(NotAuthenticated):
        check("mallory", issued.secret)
    revoke_personal_token(issued.token, origin=PORTAL)
    told = [str(list(AuditEvent.objects.values())), caplog.text, repr(issued), str(issued.token)]
    assert issued.secret[-46:] not in "".join(told)
    assert {event.action for event in AuditEvent.objects.all()} == {"token.issue", "token.revoke"}


def test_a_token_is_revoked_once(alice):
    issued = token_of(alice)
    revoke_personal_token(issued.token, origin=PORTAL)
    with pytest.raises(Conflict):
        revoke_personal_token(issued.token, origin=PORTAL)


def test_an_audit_entry_takes_any_text_that_a_client_sent(alice):
    record_audit("registry.token", origin=PORTAL, detail={"actions": ["pu\x00ll", "\ud800"]})
    assert AuditEvent.objects.get().detail == {"actions": ["pu␀ll", "?"]}
