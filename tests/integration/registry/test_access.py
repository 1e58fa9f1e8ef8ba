"""Who may do what in a namespace, and "may X push Y?": the page and the API say what the token endpoint does."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.registry.access import COLUMNS, access_table
from apps.registry.models import Role
from apps.registry.services import grant_role
from apps.registry.services.robots import RobotWish, make_robot, revoke_robot
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, TeamFactory, UserFactory
from tests.factories.registry import RepositoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(team):
    return RepositoryFactory(name="team/app", namespace=team)


@pytest.fixture
def world(team, app, alice, bob, mallory):
    """Besides Alice, Bob and Mallory: Carol by a team, Dave on one repository, a robot, and a superuser."""
    ops = TeamFactory(name="ops")
    ops.members.add(UserFactory(username="carol"), bob)
    grant_role(namespace=team, team=ops, role=Role.WRITER, origin=PORTAL)
    dave = UserFactory(username="dave")
    grant_role(namespace=team, repository=app, person=dave, role=Role.MAINTAINER, origin=PORTAL)
    UserFactory(username="root", is_superuser=True)
    UserFactory(username="gone", is_active=False, is_superuser=True)
    end = timezone.now() + timedelta(days=30)
    wish = RobotWish(name="ci", role="writer", expires_at=end, repositories=["team/app"])
    return make_robot(team, wish, origin=PORTAL)


def found(namespace, **where):
    table = access_table(namespace, **where)
    assert table.is_whole
    return {(row.kind, row.name): row.rights for row in table.rows}


def test_each_right_says_where_it_comes_from(team, world):
    rows = found(team)
    everything = {name: ["superuser"] for name in COLUMNS}
    assert rows["person", "root"] == everything
    assert rows["person", "alice"] == {name: ["owner"] for name in COLUMNS}
    assert rows["person", "bob"] == {
        "pull": ["reader", "writer by the team ops"],
        "push": ["writer by the team ops"],
        "delete": [],
        "manage": [],
    }
    assert rows["person", "carol"]["push"] == ["writer by the team ops"]
    assert rows["person", "dave"]["delete"] == ["maintainer, only on team/app"]
    assert rows["team", "ops"]["push"] == ["writer"]
    assert rows["robot", "robot-team-ci"]["push"] == ["writer, only on team/app"]
    assert rows["robot", "robot-team-ci"]["manage"] == []
    assert ("person", "gone") not in rows
    assert ("person", "mallory") not in rows


def test_of_one_repository_the_others_do_not_show(team, app, world):
    other = RepositoryFactory(name="team/other", namespace=team)
    assert ("person", "dave") in found(team, repository=app)
    assert ("person", "dave") not in found(team, repository=other)
    assert ("robot", "robot-team-ci") not in found(team, repository=other)
    assert ("person", "alice") in found(team, repository=other)


def test_a_public_namespace_says_that_everyone_pulls(public):
    assert found(public)["everyone", "everyone"]["pull"] == ["the namespace is public"]


def test_a_robot_that_ended_has_no_rights(team, world):
    revoke_robot(world.robot, origin=PORTAL)
    assert ("robot", "robot-team-ci") not in found(team)


def test_the_table_takes_as_many_queries_for_many_holders_as_for_few(
    team, world, django_assert_max_num_queries
):
    for person in UserFactory.create_batch(30):
        grant_role(namespace=team, person=person, role=Role.READER, origin=PORTAL)
    with django_assert_max_num_queries(4):
        access_table(team)


def check(script, **question):
    return script.get("/api/v1/access/check/", question)


@pytest.mark.parametrize(
    ("kind", "who", "action", "repository", "answer", "reason"),
    [
        ("person", "alice", "delete", "team/app", True, "owner"),
        ("person", "bob", "push", "team/app", True, "writer by the team ops"),
        ("person", "bob", "delete", "team/app", False, "does not give it: "),
        ("person", "dave", "push", "team/other", False, "Nothing gives"),
        ("person", "mallory", "pull", "team/app", False, "Nothing gives"),
        ("person", "root", "manage", "team/app", True, "superuser"),
        ("person", "gone", "pull", "team/app", False, "no active person"),
        ("person", "no\x00body", "pull", "team/app", False, "no active person"),
        ("team", "ops", "push", "team/app", True, "writer"),
        ("team", "nobody", "push", "team/app", False, "no team"),
        ("robot", "robot-team-ci", "push", "team/app", True, "only on team/app"),
        ("robot", "robot-team-ci", "push", "team/other", False, "Nothing gives"),
        ("robot", "robot-x", "push", "team/app", False, "no robot"),
        ("anyone", "x", "pull", "team/app", False, "Nothing gives"),
    ],
)
def test_may_x_do_this(
    world, alice, mallory, *, signed_in, kind, who, action, repository, answer, reason
):
    browser = signed_in(alice)
    said = check(browser, kind=kind, who=who, action=action, repository=repository).json()
    if "\x00" in who:
        assert "error" in said
        return
    assert said["is_allowed"] is answer
    assert reason in " ".join(said["reasons"])


@pytest.mark.parametrize("action", ["pull", "push", "delete"])
@pytest.mark.parametrize("who", ["alice", "bob", "carol", "dave", "mallory", "root"])
def test_the_answer_is_what_the_token_endpoint_does(
    client, world, alice, *, signed_in, access_in, who, action
):
    for repository in ("team/app", "team/other"):
        said = check(signed_in(alice), who=who, action=action, repository=repository).json()
        encoded = base64.b64encode(f"{who}:{PASSWORD}".encode()).decode()
        scope = {"scope": f"repository:{repository}:{action}"}
        answer = client.get("/auth/token", scope, headers={"Authorization": f"Basic {encoded}"})
        granted = access_in(answer.json()["token"]).get(f"repository:{repository}", [])
        assert said["is_allowed"] == (action in granted)


def test_nobody_asks_about_others_in_namespaces_of_others(world, bob, mallory, signed_in):
    for person in (bob, mallory):
        browser = signed_in(person)
        asked = {"action": "push", "repository": "team/app"}
        assert check(browser, who="alice", **asked).status_code == 403
        assert check(browser, who="robot-team-ci", kind="robot", **asked).status_code == 403
        assert browser.get("/api/v1/access/", {"namespace": "team"}).status_code == 404
    assert check(signed_in(bob), **asked).json()["is_allowed"] is True
    about_self = check(signed_in(mallory), **asked).json()
    unknown = check(signed_in(mallory), action="push", repository="nowhere/app").json()
    assert about_self["reasons"] == ["There is no namespace team."]
    assert unknown["reasons"] == ["There is no namespace nowhere."]


def test_the_api_gives_the_table(world, app, alice, signed_in):
    body = signed_in(alice).get("/api/v1/access/", {"namespace": "team"}).json()
    assert body["is_whole"] is True
    bob = next(row for row in body["rows"] if row["name"] == "bob")
    assert (bob["kind"], bob["push"]) == ("person", ["writer by the team ops"])
    where = {"namespace": "team", "repository": "team/nothing"}
    assert signed_in(alice).get("/api/v1/access/", where).status_code == 404
    assert signed_in(alice).get("/api/v1/access/", {"namespace": "a\x00"}).status_code < 500


def test_the_page_is_for_owners(world, team, alice, bob, mallory, signed_in):
    page = f"/admin/registry/namespace/{team.pk}/access/"
    text = signed_in(alice).get(page).content.decode()
    assert "writer by the team ops" in text
    question = {"kind": "person", "who": "bob", "action": "push", "repository": "team/app"}
    assert "Yes" in signed_in(alice).get(page, question).content.decode()
    question["who"] = "mallory"
    assert "Nothing gives any right" in signed_in(alice).get(page, question).content.decode()
    assert "carol" not in signed_in(alice).get(page, {"q": "bob"}).content.decode()
    assert signed_in(alice).get(page, {"on": "team/nothing"}).status_code == 404
    assert (
        page
        in signed_in(alice).get(f"/admin/registry/namespace/{team.pk}/change/").content.decode()
    )
    assert signed_in(bob).get(page).status_code == 403
    assert signed_in(mallory).get(page).status_code == 404
