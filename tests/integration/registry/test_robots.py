"""Robots: made by owners of a namespace, narrowed, used by docker clients, rotated and ended."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.registry import selectors
from apps.registry.decisions import Decision
from apps.registry.models import DockerLogin, Robot
from apps.registry.services.decisions import _store
from apps.registry.services.robots import RobotWish, make_robot, revoke_robot, rotate_robot
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.origin import PORTAL
from tests.factories.accounts import PASSWORD, UserFactory, token_of
from tests.factories.registry import NamespaceFactory

pytestmark = pytest.mark.django_db
PAGE, API = "/admin/registry/robot/", "/api/v1/robots/"
APP, OTHER = "repository:team/app:pull,push,delete", "repository:team/other:pull,push"


@pytest.fixture
def robot(team):
    """May push everywhere in the namespace."""
    return make_robot(team, wish(), origin=PORTAL)


def wish(**changes):
    end = timezone.now() + timedelta(days=30)
    return RobotWish(**{"name": "ci", "role": "writer", "expires_at": end, **changes})


def ask(client, username, secret, **query):
    encoded = base64.b64encode(f"{username}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {encoded}"}
    return client.get("/auth/token", {"service": "dce-registry", **query}, headers=headers)


def refusal(answer) -> str:
    assert answer.status_code == 401, answer.json()
    return answer.json()["errors"][0]["message"]


def test_a_robot_signs_in_under_a_name_that_is_safe_in_a_shell(client, robot, access_in, public):
    scopes = [APP, OTHER, "repository:open/app:pull,push", "repository:nowhere/app:pull"]
    answer = ask(client, "robot-team-ci", robot.secret, scope=scopes, offline_token="true")
    assert access_in(answer.json()["token"]) == {
        "repository:team/app": ["pull", "push"],
        "repository:team/other": ["pull", "push"],
        "repository:open/app": ["pull"],
    }
    assert "refresh_token" not in answer.json()
    assert not DockerLogin.objects.exists()


def test_a_push_takes_one_read(client, robot):
    ask(client, "robot-team-ci", robot.secret, scope=APP)
    with CaptureQueriesContext(connection) as queries:
        ask(client, "robot-team-ci", robot.secret, scope=APP)
    assert len(queries) == 1


def test_a_robot_of_some_repositories_has_nothing_else(client, team, access_in):
    made = make_robot(team, wish(repositories=["team/app"], role="maintainer"), origin=PORTAL)
    token = ask(client, "robot-team-ci", made.secret, scope=[APP, OTHER]).json()["token"]
    assert access_in(token) == {"repository:team/app": ["delete", "pull", "push"]}


def test_a_robot_lists_no_catalogue(client, robot, access_in):
    token = ask(client, "robot-team-ci", robot.secret, scope="registry:catalog:*").json()["token"]
    assert access_in(token) == {}


def test_each_refusal_says_why(client, robot, team, noted):
    good = robot.secret
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert "mistyped" in refusal(ask(client, "robot-team-ci", wrong))
    assert "another user name" in refusal(ask(client, "alice", good))
    here = make_robot(team, wish(name="here", networks=["192.0.2.0/24"]), origin=PORTAL)
    assert "127.0.0.1" in refusal(ask(client, "robot-team-here", here.secret))
    Robot.objects.filter(pk=here.robot.pk).update(expires_at=timezone.now(), networks=[])
    assert "expired" in refusal(ask(client, "robot-team-here", here.secret))
    revoke_robot(robot.robot, origin=PORTAL)
    assert "revoked" in refusal(ask(client, "robot-team-ci", good))
    assert [decision.action for decision in noted] == ["registry.login"] * 5
    with pytest.raises(Conflict):
        revoke_robot(robot.robot, origin=PORTAL)


def test_a_rotated_robot_goes_on_for_the_overlap(client, robot):
    new = rotate_robot(robot.robot, overlap_hours=1, origin=PORTAL)
    for secret in (robot.secret, new.secret):
        assert ask(client, "robot-team-ci", secret).status_code == 200
    last = rotate_robot(new.robot, overlap_hours=0, origin=PORTAL)
    assert "not known" in refusal(ask(client, "robot-team-ci", robot.secret))
    assert "not known" in refusal(ask(client, "robot-team-ci", new.secret))
    assert ask(client, "robot-team-ci", last.secret).status_code == 200


def test_the_audit_names_the_robot_and_not_the_portal(client, robot, noted):
    ask(client, "robot-team-ci", robot.secret, scope=APP)
    (decision,) = noted
    assert isinstance(decision, Decision)
    _store(noted)
    event = AuditEvent.objects.get(action="registry.token")
    assert (event.actor, event.actor_label) == (None, "robot-team-ci")
    assert event.credential == f"robot (dcer_{robot.robot.key}…)"
    assert event.detail["requested"] == ["delete", "pull", "push"]
    assert event.detail["granted"] == ["pull", "push"]


@pytest.mark.parametrize("name", ["robot$x", "CI", "a b", "-ci", "ci-", "", "a" * 41, "ci\n"])
def test_names_that_a_shell_or_a_registry_dislikes_are_refused(team, name):
    with pytest.raises(InvalidInput):
        make_robot(team, wish(name=name), origin=PORTAL)


def test_no_robot_takes_a_name_that_means_somebody_else(team, robot):
    with pytest.raises(Conflict):
        make_robot(team, wish(), origin=PORTAL)
    NamespaceFactory(name="team-ci")
    made = make_robot(NamespaceFactory(name="team-a"), wish(name="b"), origin=PORTAL)
    assert made.robot.username == "robot-team-a-b"
    with pytest.raises(Conflict):
        make_robot(team, wish(name="a-b"), origin=PORTAL)
    UserFactory(username="robot-team-deploy")
    with pytest.raises(Conflict):
        make_robot(team, wish(name="deploy"), origin=PORTAL)


def test_repositories_of_others_and_unknown_roles_are_refused(team):
    for changes in ({"repositories": ["other/app"]}, {"role": "owner"}, {"networks": ["x"]}):
        with pytest.raises(InvalidInput):
            make_robot(team, wish(**changes), origin=PORTAL)


def send(script, verb, address, **body):
    return getattr(script, verb)(address, body, content_type="application/json")


def test_an_owner_makes_changes_rotates_and_ends_a_robot_by_the_api(
    client, team, alice, with_token
):
    script = with_token(alice, "api.read", "api.write", "registry.push")
    made = send(script, "post", API, namespace="team", name="ci", role="writer", days=10)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    body = made.json()
    assert (body["username"], body["expires_soon"], body["made_by"]) == (
        "robot-team-ci",
        True,
        "alice",
    )
    address = made["Location"]
    assert "secret" not in script.get(address).json()
    changed = send(script, "patch", address, role="reader", repositories=["team/app"])
    assert (changed.json()["role"], changed.json()["repositories"]) == ("reader", ["team/app"])
    rotated = send(script, "post", f"{address}rotate/", overlap_hours=0)
    assert ask(client, "robot-team-ci", rotated.json()["secret"]).status_code == 200
    assert script.delete(address).status_code == 204
    assert script.delete(address).status_code == 409
    acts = AuditEvent.objects.filter(target_kind="robot").values_list("action", flat=True)
    assert sorted(acts) == ["robot.add", "robot.change", "robot.revoke", "robot.rotate"]
    assert body["secret"][-46:] not in str(list(AuditEvent.objects.values()))


def test_members_and_outsiders_reach_no_robot(robot, bob, mallory, with_token, signed_in):
    for person in (bob, mallory):
        script = with_token(person, "api.read", "api.write", "registry.push")
        made = send(script, "post", API, namespace="team", name="x", role="reader")
        assert made.status_code == 400
        assert script.get(API).json()["results"] == []
        for verb, path in (("get", ""), ("delete", ""), ("patch", ""), ("post", "rotate/")):
            answer = send(script, verb, f"{API}{robot.robot.pk}/{path}")
            assert answer.status_code == 404, (verb, path)
        browser = signed_in(person)
        assert browser.get(f"{PAGE}{robot.robot.pk}/change/").status_code == 302
        assert browser.post(f"{PAGE}{robot.robot.pk}/revoke/").status_code == 404
        assert browser.get(f"{PAGE}add/").status_code == 403
    assert Robot.objects.get().is_usable


def test_a_narrow_token_makes_and_widens_no_robot(robot, alice):
    narrow = token_of(alice, "api.write:registry", "registry.pull:team/app").secret
    script = Client(headers={"Authorization": f"Bearer {narrow}"})
    own = f"{API}{robot.robot.pk}/"
    tries = [
        ("post", API, {"namespace": "team", "name": "a", "role": "writer"}),
        ("post", API, {"namespace": "team", "name": "a", "role": "reader"}),
        ("patch", own, {"role": "maintainer"}),
        ("post", f"{own}rotate/", {}),
    ]
    for verb, address, body in tries:
        assert send(script, verb, address, **body).status_code == 403, body
    fitting = {"namespace": "team", "name": "a", "role": "reader", "repositories": ["team/app"]}
    assert send(script, "post", API, **fitting).status_code == 201


def test_an_owner_makes_one_in_the_panel_and_sees_its_login_line(client, team, alice, signed_in):
    browser = signed_in(alice)
    assert "New robot" in browser.get(PAGE).content.decode()
    form = {
        "namespace": team.pk,
        "name": "ci",
        "role": "writer",
        "only_in": "team/app",
        "last_day": (timezone.localdate() + timedelta(days=3)).isoformat(),
    }
    answer = browser.post(f"{PAGE}add/", form)
    text = answer.content.decode()
    assert "docker login -u robot-team-ci testserver" in text
    robot = Robot.objects.get()
    secret = f"dcer_{robot.key}_" + text.split(f"dcer_{robot.key}_")[1][:46]
    assert ask(client, "robot-team-ci", secret).status_code == 200
    shown = browser.get(f"{PAGE}{robot.pk}/change/").content.decode()
    assert secret[-46:] not in shown + browser.get(PAGE).content.decode()
    assert "These end soon" in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}add/", {**form, "only_in": "other/app"}).status_code == 200
    assert Robot.objects.count() == 1
    browser.post(f"{PAGE}{robot.pk}/revoke/")
    assert not Robot.objects.get().is_usable


def test_a_list_asks_as_many_queries_for_many_robots_as_for_few(team, alice, queries_of):
    make_robot(team, wish(), origin=PORTAL)
    few = queries_of(alice, PAGE)
    for number in range(10):
        make_robot(team, wish(name=f"r{number}"), origin=PORTAL)
    assert queries_of(alice, PAGE) == few
    assert selectors.robots_visible_to(alice).count() == 11


def test_passwords_may_be_switched_off_for_docker(client, team, alice, robot, settings):
    login = ask(client, "alice", PASSWORD, offline_token="true").json()["refresh_token"]
    settings.REGISTRY_PASSWORDS = False
    assert "make a personal token" in refusal(ask(client, "alice", PASSWORD))
    assert "make a personal token" in refusal(ask(client, "alice", "wrong"))
    form = f"grant_type=refresh_token&service=dce-registry&refresh_token={login}"
    kind = "application/x-www-form-urlencoded"
    assert "switched off" in refusal(client.post("/auth/token", form, content_type=kind))
    assert ask(client, "alice", token_of(alice, "registry.pull").secret).status_code == 200
    assert ask(client, "robot-team-ci", robot.secret).status_code == 200
    assert client.get("/auth/token").status_code == 200


def test_docker_logins_are_listed_and_revoked_by_the_api(client, alice, mallory, with_token):
    secret = ask(client, "alice", PASSWORD, offline_token="true", client_id="docker").json()
    script = with_token(alice)
    (row,) = script.get("/api/v1/docker-logins/").json()["results"]
    assert (row["owner"], row["client_id"], row["is_usable"]) == ("alice", "docker", True)
    assert secret["refresh_token"] not in str(row)
    other = with_token(mallory)
    assert other.get("/api/v1/docker-logins/").json()["results"] == []
    assert other.delete(f"/api/v1/docker-logins/{row['id']}/").status_code == 404
    assert script.delete(f"/api/v1/docker-logins/{row['id']}/").status_code == 204
    form = f"grant_type=refresh_token&refresh_token={secret['refresh_token']}"
    kind = "application/x-www-form-urlencoded"
    assert client.post("/auth/token", form, content_type=kind).status_code == 401


def test_a_token_and_a_robot_mint_no_docker_login(client, team, alice, robot):
    for name, secret in (("alice", token_of(alice).secret), ("robot-team-ci", robot.secret)):
        assert "refresh_token" not in ask(client, name, secret, offline_token="true").json()
    assert not DockerLogin.objects.exists()


@pytest.mark.parametrize(
    "facts",
    [{"networks": ["127.0.0.0/8"]}, {"expires_at": timezone.now() + timedelta(days=1)}],
)
def test_a_token_rotates_no_robot_that_works_elsewhere_or_longer(robot, alice, facts):
    secret = token_of(alice, "api.write", "registry.push", **facts).secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    address = f"{API}{robot.robot.pk}/rotate/"
    assert send(script, "post", address).status_code == 403
