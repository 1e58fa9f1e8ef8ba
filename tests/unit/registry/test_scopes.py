"""Scopes as clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.registry.scopes import LONGEST_SCOPE, MOST_SCOPES, Scope, parse_scopes
from dce_portal.errors import InvalidInput

PULL_A = Scope("repository", "team/a", frozenset({"pull"}))
PUSH_B = Scope("repository", "team/b", frozenset({"pull", "push"}))


@pytest.mark.parametrize(
    "values",
    [
        ["repository:team/a:pull", "repository:team/b:push,pull"],
        ["repository:team/a:pull repository:team/b:pull,push"],
        ["  repository:team/a:pull   repository:team/b:push,pull "],
        ["repository:team/a:pull", "repository:team/b:push repository:team/b:pull"],
    ],
)
def test_every_shape_gives_the_same(values):
    assert parse_scopes(values) == (PULL_A, PUSH_B)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("repository(plugin):team/a:pull", PULL_A),
        (
            "repository:host:5000/team/a:pull",
            Scope("repository", "host:5000/team/a", frozenset({"pull"})),
        ),
        ("registry:catalog:*", Scope("registry", "catalog", frozenset({"*"}))),
        ("made(up:x:y", Scope("made(up", "x", frozenset({"y"}))),
    ],
)
def test_class_is_stripped_and_a_name_may_hold_a_colon(text, scope):
    assert parse_scopes([text]) == (scope,)


@pytest.mark.parametrize(
    "text", ["", " ", "x", "repository:team/a", "::", "repository::pull", "a:b:,", ":b:c"]
)
def test_what_cannot_be_read_asks_for_nothing(text):
    assert parse_scopes([text]) == ()


def test_limits():
    most = [f"repository:team/a{n}:pull" for n in range(MOST_SCOPES)]
    assert len(parse_scopes(most)) == MOST_SCOPES
    with pytest.raises(InvalidInput):
        parse_scopes([*most, "repository:team/b:pull"])
    with pytest.raises(InvalidInput):
        parse_scopes(["repository:" + "a" * LONGEST_SCOPE + ":pull"])


@given(st.lists(st.text(max_size=80), max_size=5))
def test_no_text_raises_anything_but_our_error(values):
    try:
        found = parse_scopes(values)
    except InvalidInput:
        return
    assert all(scope.type and scope.name and scope.actions for scope in found)
    assert len({(scope.type, scope.name) for scope in found}) == len(found)
