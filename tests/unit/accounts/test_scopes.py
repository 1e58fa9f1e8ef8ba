"""Scopes with places: what is one, and which covers which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.scopes import AREAS, SCOPES, covers, in_words, is_scope, ordered

PLACED = ["registry.pull", "registry.push", "registry.delete"]
places = st.sampled_from(["", ":team", ":team/app", ":team/app/sub", ":other", ":team2/app"])
scopes = st.one_of(
    st.sampled_from([*SCOPES]),
    st.builds("{}{}".format, st.sampled_from(PLACED), places),
    st.builds(
        "{}:{}".format, st.sampled_from(["api.read", "api.write"]), st.sampled_from([*AREAS])
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "registry.admin",
        "registry.pull:",
        "registry.pull:Team",
        "registry.pull:team//app",
        "registry.pull:team/app\n",
        "api.read:team",
        "metrics.read:usage",
        "registry.pull:" + "a" * 300,
        "",
    ],
)
def test_what_is_no_scope(text):
    assert not is_scope(text)


@pytest.mark.parametrize(
    ("own", "wished", "answer"),
    [
        (["registry.push"], "registry.pull:team/app", True),
        (["registry.push:team"], "registry.push:team/app", True),
        (["registry.push:team"], "registry.push:team2/app", False),
        (["registry.push:team/app"], "registry.push:team", False),
        (["registry.push:team/app"], "registry.push:team/app/sub", False),
        (["registry.pull"], "registry.push", False),
        (["api.read"], "api.read:registry", True),
        (["api.read:registry"], "api.read", False),
        ([], "api.read", False),
    ],
)
def test_what_covers_what(own, wished, answer):
    assert covers(own, wished) is answer


@given(scopes)
def test_every_scope_is_one_covers_itself_and_has_words(scope):
    assert is_scope(scope)
    assert covers([scope], scope)
    assert covers([scope.partition(":")[0]], scope)
    assert in_words(scope)


@given(st.lists(scopes, max_size=3), scopes, scopes)
def test_covering_goes_on_through_a_third(own, middle, wished):
    if covers(own, middle) and covers([middle], wished):
        assert covers(own, wished)


@given(st.lists(scopes))
def test_order_keeps_each_once(found):
    assert set(ordered(found)) == set(found)
    assert ordered(ordered(found)) == ordered(found)
    assert len(ordered(found)) == len(set(found))
