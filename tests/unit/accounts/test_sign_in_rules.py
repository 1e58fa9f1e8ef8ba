"""Recovery codes, group maps and browsers' names; and how long a silent cache is waited for."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from redis.exceptions import TimeoutError as Hangs

from apps.accounts import lockout, memory
from apps.accounts.security import agents, recovery
from apps.accounts.security.group_map import Places, places_of, ruled_places, short_names
from dce_portal import parsers

MAP = {"devs": ("team:developers", "group:viewer"), "ops": ("group:operator",)}


def test_ten_recovery_codes_differ_and_are_read_however_they_are_typed():
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    assert recovery.plain(f" {codes[0].upper().replace('-', ' ')} ") == recovery.plain(codes[0])
    assert all(recovery.looks_like_one(code) for code in codes)
    assert not recovery.looks_like_one("123456")


def test_places_follow_from_outside_groups():
    assert places_of(["devs", "strangers"], MAP) == Places(
        frozenset({"viewer"}), frozenset({"developers"})
    )
    assert ruled_places(MAP).groups == {"viewer", "operator"}
    assert places_of([], MAP) == Places()


def test_a_directorys_groups_go_by_their_own_name():
    names = ["cn=devs,ou=groups,dc=example,dc=org", "CN=Ops,DC=example", "/staff/devs", "plain"]
    assert short_names(names) == {"devs", "Ops", "/staff/devs", "plain"}


def test_the_group_map_is_read_and_wrong_ones_are_refused():
    assert parsers.group_map("devs=team:developers,devs=group:viewer, ops=group:operator") == MAP
    for wrong in ("devs", "devs=developers", "devs=role:x", "=team:x", "devs=team:"):
        with pytest.raises(parsers.WrongValueError):
            parsers.group_map(wrong)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox · Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("something else", "something else"),
        ("", ""),
    ],
)
def test_browsers_are_named_as_people_know_them(agent, words):
    assert agents.in_words(agent) == words


def test_a_hanging_cache_is_waited_for_once_in_a_sign_in(monkeypatch):
    waits = []

    def hang(*_arguments, **_options):
        waits.append("one wait of socket_timeout")
        raise Hangs

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(cache, name, hang)
    lockout.refuse_if_locked("alice", address="192.0.2.1")
    memory.recall("password")
    memory.keep("password", 1, for_s=60)
    lockout.forget_failures("alice", address="192.0.2.1")
    assert len(waits) == 1


def test_one_wait_and_the_connections_leave_a_sign_in_under_three_seconds():
    from dce_portal.settings import base

    options = base.CACHES["default"]["OPTIONS"]
    assert options["socket_connect_timeout"] + options["socket_timeout"] <= 3
    assert "retry" not in options
