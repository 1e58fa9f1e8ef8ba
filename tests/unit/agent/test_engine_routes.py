"""The lists of routes as data: what the portal calls is let through, what gets around is not."""

import re
from pathlib import Path

import pytest

from dce_agent.engine_routes import lets_consoles_through, nginx_map, parse
from dce_agent.errors import AgentError

LISTS = Path(__file__).resolve().parents[3] / "docker/agent"
FULL = parse((LISTS / "routes-full.conf").read_text())
READ_ONLY = parse((LISTS / "routes-read-only.conf").read_text())
ID = "4f5e" * 16

READ = [
    "GET /_ping",
    "HEAD /_ping",
    "GET /v1.41/version",
    "GET /info",
    "GET /v1.51/events?since=1&filters=%7B%22type%22%3A%5B%22container%22%5D%7D",
    "GET /v1.41/system/df",
    "GET /containers/json?all=1",
    f"GET /v1.41/containers/{ID}/json",
    f"GET /containers/{ID}/logs?follow=1&stdout=1",
    "GET /containers/web.1.abc/stats?stream=false&one-shot=true",
    "GET /images/json",
    "GET /images/registry.example:5000/team/app:1.2/json",
    f"GET /images/team/app@sha256:{ID}/history",
    f"GET /images/team/app%40sha256%3A{ID}/json",
    "GET /volumes",
    "GET /networks/ingress",
    "GET /nodes",
    "GET /services/web?insertDefaults=true",
    "GET /tasks/abc/logs?stdout=1",
]
CHANGE = [
    "POST /v1.41/containers/create?name=dce-agent-replace",
    f"POST /containers/{ID}/start",
    f"POST /containers/{ID}/attach?stream=1",
    f"POST /containers/{ID}/exec",
    f"POST /exec/{ID}/start",
    f"POST /exec/{ID}/resize?h=1&w=2",
    f"GET /containers/{ID}/attach/ws",
    f"PUT /containers/{ID}/archive?path=/tmp",
    "POST /images/create?fromImage=a/b&tag=c",
    "POST /images/prune",
    "DELETE /images/team/app:1",
    "POST /volumes/prune",
    "POST /swarm/join",
    "GET /swarm",
    "GET /swarm/unlockkey",
    "POST /nodes/abc/update?version=3",
    "DELETE /nodes/abc?force=1",
    "POST /services/create",
]
REFUSED = [
    "GET /",
    "GET /containers",
    "POST /build",
    "POST /session",
    "POST /grpc",
    "POST /commit?container=x",
    "GET /plugins",
    "POST /plugins/pull",
    f"GET /containers/{ID}/export",
    "GET /images/get?names=x",
    "GET /images/app/get",
    "POST /images/load",
    "GET /debug/pprof/",
    "PATCH /containers/json",
    "DELETE /containers/json/x",
    "get /_ping",
]
TRICKS = [
    "GET //_ping",
    "GET /v1.41//containers/json",
    "GET /containers/../build",
    "POST /containers/../build",
    "POST /images/a/../../build",
    "POST /v1.41/../build",
    "POST /containers/x/../../build",
    "POST /containers/%2e%2e/build",
    "POST /containers/x%2f..%2f..%2fbuild",
    "POST /images/..%2f..%2fbuild/tag",
    "GET /containers/%2e/json",
    "GET /containers/x%00/json",
    "GET /containers/x/json;/../../build",
    "POST /v1.41/v1.41/containers/create",
    "POST /v1/containers/create",
    "POST /vx.y/containers/create",
    "POST /V1.41/containers/create",
    "GET /containers/x/./json",
    "GET /containers/x/json/",
    "GET /containers/ /json",
    "GET /containers/x\n/json",
    "GET /images/a//b/json",
    "GET /images//json",
    "GET http://docker/_ping",
    "POST /containers/create#/x",
]


def lets_through(routes, call):
    return any(re.search(route.pattern, call) for route in routes)


@pytest.mark.parametrize("call", READ + CHANGE)
def test_the_full_list_has_what_the_portal_calls(call):
    assert lets_through(FULL, call)


@pytest.mark.parametrize("call", REFUSED + TRICKS)
def test_no_list_lets_anything_else_through(call):
    assert not lets_through(FULL, call)
    assert not lets_through(READ_ONLY, call)


@pytest.mark.parametrize("call", READ)
def test_read_only_is_enough_to_watch(call):
    assert lets_through(READ_ONLY, call)


@pytest.mark.parametrize("call", [*CHANGE, f"GET /containers/{ID}/archive?path=/etc/shadow"])
def test_read_only_changes_nothing_and_tells_no_secrets(call):
    assert not lets_through(READ_ONLY, call)


def test_whether_consoles_pass_is_read_from_the_list():
    assert lets_consoles_through(FULL)
    assert not lets_consoles_through(READ_ONLY)
    assert not lets_consoles_through(parse("POST /containers/{name}/exec"))
    assert not lets_consoles_through([])


def test_read_only_has_reading_methods_alone():
    assert {method for route in READ_ONLY for method in route.methods} == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "line",
    [
        "GET",
        "FETCH /info",
        "GET info",
        "GET /info extra",
        "GET /info;}",
        'GET /info" 1;',
        "GET /(info",
        "GET /{other}",
        "GET /.*",
        "GET,, /info",
    ],
)
def test_a_line_that_cannot_be_read_is_named(line):
    with pytest.raises(AgentError, match="Line 2"):
        parse(f"# mine\n{line}\n")


def test_the_map_has_one_entry_a_route():
    entries = nginx_map(parse("GET,HEAD /info\nPOST /containers/{name}/start # go\n"))
    assert entries.count('        "~^(?:GET|HEAD) ') == 1
    assert entries.count(" 1;\n") == 2
