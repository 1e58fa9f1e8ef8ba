"""The token endpoint as the web process serves it: the same answers, without the layers for pages."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.registry.services.robots import RobotWish, make_robot, rotate_robot
from dce_portal.origin import PORTAL
from dce_portal.wsgi import application
from tests.factories.accounts import PASSWORD, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], autouse=True
)
def database(request, db):
    """The prepared statements mean the same to both databases."""
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """A request closes no connection, or the test's transaction would go with it."""
    monkeypatch.setattr("dce_portal.lean_handler.close_old_connections", lambda: None)
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def call(path="/auth/token", *, username="", secret="", **environ):
    """One WSGI request; status, headers by name, and the body."""
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    told = {}
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "service=dce-registry&scope=repository:team/app:pull,push",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        **({"HTTP_AUTHORIZATION": f"Basic {pair}"} if username else {}),
        **environ,
    }
    body = application(request, lambda status, headers: told.update(status=status, all=headers))
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    return told["status"], dict(told["all"]), content


@pytest.fixture
def secret(alice):
    return token_of(alice, "registry.push").secret


def test_a_token_costs_two_reads_and_no_write(team, alice, secret):
    assert call(username="alice", secret=secret)[0] == "200 OK"  # notes the first use
    with CaptureQueriesContext(
        connection,
    ) as queries:
        status, _headers, _body = call(username="alice", secret=secret)
    assert status == "200 OK"
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]


def test_it_grants_what_the_other_way_grants(team, alice, mallory, secret, access_in):
    body = json.loads(call(username="alice", secret=secret)[2])
    assert access_in(body["token"]) == {"repository:team/app": ["pull", "push"]}
    refused = token_of(mallory, "registry.push").secret
    assert access_in(json.loads(call(username="mallory", secret=refused)[2])["token"]) == {}


def test_no_session_begins_and_nothing_is_guessed_of_the_type(team, alice, secret):
    _status, headers, _body = call(username="alice", secret=secret)
    assert "Set-Cookie" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_language_is_the_callers_own(team, alice):
    def message(**environ):
        _status, _headers, body = call(username="alice", secret="wrong", **environ)
        return json.loads(body)["errors"][0]["message"]

    chinese = message(HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")
    assert chinese != message()
    assert message() == "The user name or the password is not right."


def test_a_password_is_taken_and_pages_keep_their_layers(team, alice):
    assert call(username="alice", secret=PASSWORD)[0] == "200 OK"
    status, headers, _body = call("/admin/login/")
    assert status == "200 OK"
    assert "Content-Security-Policy" in headers


def test_a_robot_costs_one_read_in_both_databases(team):
    end = timezone.now() + timedelta(days=1)
    wish = RobotWish(name="ci", role="writer", expires_at=end, networks=["127.0.0.0/8"])
    made = make_robot(team, wish, origin=PORTAL)
    asked = {"username": "robot-team-ci", "secret": made.secret}
    assert call(**asked)[0] == "200 OK"
    with CaptureQueriesContext(connection) as queries:
        assert call(**asked)[0] == "200 OK"
    assert len(queries) == 1
    assert call(**asked, REMOTE_ADDR="192.0.2.1")[0] == "401 Unauthorized"
    new = rotate_robot(made.robot, overlap_hours=1, origin=PORTAL)
    assert call(**asked)[0] == "200 OK"
    assert call(username="robot-team-ci", secret=new.secret)[0] == "200 OK"
