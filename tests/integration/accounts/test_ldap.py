"""Passwords that a directory checks, against Debian's slapd."""

from __future__ import annotations

import builtins
import socket

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.credentials import DirectorySilent
from apps.accounts.lockout import FREE_TRIES, LockedOut
from apps.accounts.models import AuditEvent, Team, User
from apps.accounts.services import verify_credential
from dce_portal.errors import NotAuthenticated
from dce_portal.secret import Secret
from tests.factories.accounts import PASSWORD, UserFactory

CARLAS = "carla in the directory"
HOME = "192.0.2.1"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@pytest.fixture
def directory(slapd, sign_in_settings, db):
    def change(**more: object) -> None:
        facts: dict[str, object] = {
            "ldap_url": slapd.url,
            "ldap_start_tls": False,
            "ldap_bind_dn": slapd.bind_dn,
            "ldap_bind_password": Secret(slapd.bind_password),
            "ldap_people": slapd.people,
            "ldap_groups": slapd.groups,
        }
        sign_in_settings(**{**facts, **more})

    change()
    return change


def check(username: str, password: str) -> User:
    return verify_credential(username, password, address=HOME).user


@pytest.mark.ldap
def test_a_person_of_the_directory_comes_in_and_is_made_here(directory):
    client = Client()
    client.post("/admin/login/", {"username": "carla", "password": CARLAS})
    assert client.get("/admin/security/").status_code == 200
    carla = User.objects.get()
    assert (carla.username, carla.source, carla.email, carla.get_full_name()) == (
        "carla",
        "ldap",
        "carla@example.org",
        "Carla Cole",
    )
    assert not carla.has_usable_password()
    entry = AuditEvent.objects.get(action="person.new")
    assert (entry.detail, entry.address) == ({"by": "ldap"}, "127.0.0.1")


@pytest.mark.ldap
def test_docker_may_use_the_directorys_password_and_its_owner_is_one(directory):
    assert check("carla", CARLAS) == check("CARLA", CARLAS)
    assert User.objects.count() == 1


@pytest.mark.ldap
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("carla", "wrong"),
        ("carla", ""),
        ("nobody", CARLAS),
        ("*", CARLAS),
        ("car*", CARLAS),
        ("carla)(uid=*", CARLAS),
        ("uid=carla", CARLAS),
    ],
)
def test_what_does_not_fit_is_refused(directory, username, password):
    with pytest.raises(NotAuthenticated, match="user name or the password"):
        check(username, password)
    assert not User.objects.exists()


@pytest.mark.ldap
def test_a_name_that_cannot_be_one_here_is_said(directory):
    with pytest.raises(NotAuthenticated, match="cannot be used here"):
        check("star*(", "a star in the directory")
    entry = AuditEvent.objects.get(action="sign_in", result="denied")
    assert (entry.target_label, entry.address, entry.credential) == ("star*(", HOME, "ldap")


@pytest.mark.ldap
def test_a_person_of_the_portal_stays_one(directory):
    UserFactory(username="carla")
    assert check("carla", PASSWORD).source == "portal"
    with pytest.raises(NotAuthenticated):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_a_person_of_the_portal_is_adopted_where_the_settings_say_so(directory):
    UserFactory(username="carla")
    directory(adopt_people=True)
    assert check("carla", CARLAS).source == "ldap"
    assert AuditEvent.objects.get(action="person.adopt").address == HOME
    cache.clear()
    with pytest.raises(NotAuthenticated):
        check("carla", PASSWORD)


@pytest.mark.ldap
def test_a_superuser_is_never_adopted(directory):
    UserFactory(username="carla", is_superuser=True)
    directory(adopt_people=True)
    with pytest.raises(NotAuthenticated):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_who_was_put_out_here_stays_out(directory):
    check("carla", CARLAS)
    User.objects.update(is_active=False)
    with pytest.raises(NotAuthenticated):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_groups_of_the_directory_give_teams_here(directory):
    Team.objects.create(name="developers")
    directory(group_map={"devs": ("team:developers",), "others": ("group:operator",)})
    carla = check("carla", CARLAS)
    assert [team.name for team in carla.teams.all()] == ["developers"]
    assert not carla.groups.exists()


@pytest.mark.ldap
def test_who_looks_people_up_must_be_let_in(directory):
    directory(ldap_bind_password=Secret("wrong"))
    with pytest.raises(DirectorySilent, match="does not let the portal look people up"):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_a_password_does_not_follow_the_directory_elsewhere(directory, slapd):
    with socket.create_server(("127.0.0.1", slapd.elsewhere_port)) as elsewhere:
        elsewhere.setblocking(False)
        directory(ldap_people=slapd.elsewhere)
        with pytest.raises(DirectorySilent, match="does not answer"):
            check("carla", CARLAS)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()[0].close()


@pytest.mark.ldap
def test_groups_that_could_not_be_read_are_not_none(directory, slapd):
    Team.objects.create(name="developers")
    rules = {"group_map": {"devs": ("team:developers",)}}
    directory(**rules)
    carla = check("carla", CARLAS)
    cache.clear()
    directory(ldap_groups=slapd.elsewhere, **rules)
    with pytest.raises(DirectorySilent):
        check("carla", CARLAS)
    assert [team.name for team in carla.teams.all()] == ["developers"]


@pytest.mark.ldap
def test_a_place_that_is_not_there_holds_nobody(directory, slapd):
    directory(ldap_people=f"ou=nowhere,{slapd.people}")
    with pytest.raises(NotAuthenticated, match="user name or the password"):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_a_certificate_that_nobody_vouches_for_is_refused_before_a_password_is_said(
    directory, slapd
):
    directory(ldap_start_tls=True, ldap_url=slapd.named_url)
    with pytest.raises(DirectorySilent):
        check("carla", CARLAS)


@pytest.mark.ldap
def test_with_tls_the_certificate_is_checked(directory, slapd):
    directory(ldap_start_tls=True, ldap_url=slapd.named_url, ldap_ca=slapd.ca)
    assert check("carla", CARLAS).username == "carla"


def test_a_directory_that_is_not_there_is_said_and_the_portals_own_people_come_in(
    sign_in_settings, alice
):
    sign_in_settings(ldap_url="ldap://127.0.0.1:9", ldap_people="dc=example")
    with pytest.raises(DirectorySilent, match="does not answer"):
        check("carla", CARLAS)
    page = Client().post("/admin/login/", {"username": "carla", "password": CARLAS})
    assert "does not answer" in page.content.decode()
    assert check("alice", PASSWORD) == alice


def test_guesses_at_our_own_password_count_while_the_directory_is_silent(sign_in_settings, alice):
    sign_in_settings(ldap_url="ldap://127.0.0.1:9", ldap_people="dc=example", adopt_people=True)
    for number in range(FREE_TRIES):
        with pytest.raises(DirectorySilent):
            check("alice", f"guess {number}")
    with pytest.raises(LockedOut):
        check("alice", PASSWORD)
    refused = AuditEvent.objects.filter(action="sign_in", result="denied", actor=alice)
    assert refused.count() == FREE_TRIES


def test_a_silent_directory_locks_none_of_its_own_people_out(sign_in_settings, db):
    sign_in_settings(ldap_url="ldap://127.0.0.1:9", ldap_people="dc=example")
    carla = UserFactory(username="carla", source="ldap")
    carla.set_unusable_password()
    carla.save()
    for number in range(FREE_TRIES + 1):
        with pytest.raises(DirectorySilent):
            check("carla", f"guess {number}")


def test_without_the_extra_the_sentence_says_what_to_install(sign_in_settings, db, monkeypatch):
    sign_in_settings(ldap_url="ldap://127.0.0.1:9", ldap_people="dc=example")
    really = builtins.__import__

    def without(name, *rest):
        if name == "ldap3":
            raise ImportError(name)
        return really(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DirectorySilent, match=r"requirements/ldap\.in"):
        check("carla", CARLAS)
