"""Namespaces, grants and docker logins: what services do, refuse and record."""

from __future__ import annotations

import pytest

from apps.accounts.models import AuditEvent
from apps.registry import decisions, selectors
from apps.registry.decisions import Decision
from apps.registry.models import Grant, Namespace, Role
from apps.registry.services import (
    create_namespace,
    delete_namespace,
    grant_role,
    revoke_grant,
    update_namespace,
)
from apps.registry.services.decisions import store_decisions
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.origin import PORTAL, Origin
from tests.factories.accounts import TeamFactory
from tests.factories.registry import RepositoryFactory, TagFactory

# The suite's own fixture keeps notes out of Redis.
note_in_redis = decisions.note
pytestmark = pytest.mark.django_db


def audited():
    return set(AuditEvent.objects.values_list("action", "target_label"))


def test_who_makes_a_namespace_owns_it(alice):
    namespace = create_namespace(name="mine", owner=alice, origin=Origin(actor=alice))
    assert selectors.may_manage(alice, namespace)
    assert ("namespace.create", "mine") in audited()


@pytest.mark.parametrize("name", ["", "Team", "a/b", "-a", "x" * 65])
def test_names_that_no_registry_takes(name):
    with pytest.raises(InvalidInput) as caught:
        create_namespace(name=name, origin=PORTAL)
    assert caught.value.field == "name"


def test_a_name_is_taken_once(team):
    with pytest.raises(Conflict):
        create_namespace(name="team", origin=PORTAL)


def test_update_leaves_what_is_not_named(team):
    update_namespace(team, description="Ours", origin=PORTAL)
    update_namespace(team, is_public=True, origin=PORTAL)
    team.refresh_from_db()
    assert (team.description, team.is_public) == ("Ours", True)


def test_only_an_empty_namespace_is_deleted(team):
    repository = RepositoryFactory(name="team/app")
    with pytest.raises(Conflict):
        delete_namespace(team, origin=PORTAL)
    repository.delete()
    delete_namespace(team, origin=PORTAL)
    assert not Namespace.objects.exists()


def test_granting_again_changes_the_role(team, bob):
    grant = grant_role(namespace=team, person=bob, role=Role.WRITER, origin=PORTAL)
    assert Grant.objects.filter(person=bob).get() == grant
    revoke_grant(grant, origin=PORTAL)
    assert not Grant.objects.filter(person=bob).exists()
    assert {("grant.give", "team"), ("grant.revoke", "team")} <= audited()


def test_wrong_grants(team, bob):
    elsewhere = RepositoryFactory(name="other/app")
    wrong = [
        {"person": bob, "role": "king"},
        {"role": Role.READER},
        {"person": bob, "team": TeamFactory(), "role": Role.READER},
        {"person": bob, "repository": elsewhere, "role": Role.READER},
    ]
    for wish in wrong:
        with pytest.raises(InvalidInput):
            grant_role(namespace=team, origin=PORTAL, **wish)


def test_who_sees_what(team, public, alice, bob, mallory, administrator):
    tags = {
        name: TagFactory(repository=RepositoryFactory(name=name))
        for name in ("team/a", "team/b", "open/a")
    }
    one = tags["team/b"].repository
    grant_role(namespace=team, repository=one, person=administrator, role=Role.OWNER, origin=PORTAL)
    seen = {
        person.username: sorted(str(tag.repository) for tag in selectors.tags_visible_to(person))
        for person in (alice, bob, mallory, administrator)
    }
    assert seen == {
        "alice": ["open/a", "team/a", "team/b"],
        "bob": ["open/a", "team/a", "team/b"],
        "mallory": ["open/a"],
        "ada": ["open/a", "team/b"],
    }
    assert [str(n) for n in selectors.namespaces_visible_to(mallory)] == ["open"]
    assert not selectors.may_manage(administrator, team)
    assert not selectors.may_manage(bob, team)
    assert not selectors.grants_visible_to(mallory).exists()
    assert [grant.person for grant in selectors.grants_visible_to(bob)] == [bob]


def test_a_disabled_person_sees_what_anyone_sees(team, public, bob):
    RepositoryFactory(name="team/a")
    bob.is_active = False
    assert not selectors.repositories_visible_to(bob).exists()
    assert not selectors.namespaces_managed_by(bob).exists()


def test_notes_become_audit_entries(alice, monkeypatch):
    granted = Decision(
        action="registry.token",
        result="allowed",
        username="alice",
        address="10.0.0.1",
        credential="password",
        resource="repository:team/app",
        requested=("pull", "push"),
        granted=("pull", "push"),
    )
    failed = Decision(
        action="registry.login",
        result="failed",
        username="eve",
        address="",
        credential="token",
        reason="revoked",
    )
    batches = [[granted, failed, granted], []]
    monkeypatch.setattr(decisions, "take", lambda: batches.pop(0))
    assert store_decisions() == 3
    push = AuditEvent.objects.get(action="registry.token")
    assert (push.actor, push.target_label, push.detail["granted"]) == (
        alice,
        "team/app",
        ["pull", "push"],
    )
    assert push.detail["times"] == 2
    login = AuditEvent.objects.get(action="registry.login")
    assert (login.actor, login.target_label, login.detail["reason"]) == (None, "eve", "revoked")
    assert login.actor_label == "eve"


@pytest.mark.redis
def test_notes_wait_in_redis(redis_server, monkeypatch):
    import redis

    client = redis.Redis.from_url(redis_server.url_of(5))
    monkeypatch.setattr("dce_portal.live.client", lambda: client)
    note = Decision(
        action="a",
        result="b",
        username="c",
        address="d",
        credential="e",
        requested=("x", "y"),
        granted=("x",),
    )
    client.delete(decisions.LIST_KEY)
    note_in_redis([note, note])
    decisions.flush()
    assert decisions.take() == [note, note]
    assert decisions.take() == []
    client.close()
