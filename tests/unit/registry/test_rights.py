"""Who may do what: examples, and properties over all combinations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.registry.rights import (
    ALL_ACTIONS,
    LONGEST_NAME,
    ROLE_ACTIONS,
    SCOPE_ACTIONS,
    Access,
    ActorFacts,
    GrantFact,
    NamespaceFact,
    authorize,
    namespace_of,
)
from apps.registry.scopes import Scope

TEAM, OPEN = NamespaceFact("team"), NamespaceFact("open", is_public=True)


def ask(actor, *actions, name="team/app", kind="repository", namespaces=(TEAM, OPEN)):
    """The actions that one scope gives."""
    scope = Scope(kind, name, frozenset(actions))
    found = authorize(actor, requested=[scope], namespaces=namespaces)
    return set(found[0].actions) if found else set()


def holder(role, repository=None, **facts):
    return ActorFacts(name="bob", grants=(GrantFact("team", role, repository),), **facts)


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("reader", {"pull"}),
        ("writer", {"pull", "push"}),
        ("maintainer", {"pull", "push", "delete"}),
        ("owner", {"pull", "push", "delete"}),
        ("unheard-of", set()),
    ],
)
def test_roles(role, actions):
    assert ask(holder(role), "pull", "push", "delete") == actions
    assert ask(holder(role), "*") == actions


def test_delete_alone():
    assert ask(holder("maintainer"), "delete") == {"delete"}
    assert ask(holder("writer"), "delete") == set()


def test_grant_on_one_repository_says_nothing_of_others():
    actor = holder("writer", "team/app")
    assert ask(actor, "push") == {"push"}
    assert ask(actor, "push", name="team/other") == set()
    assert ask(actor, "push", name="team/app/below") == set()


def test_grants_add_up():
    grants = (GrantFact("team", "reader"), GrantFact("team", "maintainer", "team/app"))
    actor = ActorFacts(name="bob", grants=grants)
    assert ask(actor, "*") == {"pull", "push", "delete"}
    assert ask(actor, "*", name="team/other") == {"pull"}


def test_public_namespace_is_pulled_by_anyone_and_pushed_by_none():
    assert ask(ActorFacts(), "*", name="open/app") == {"pull"}
    assert ask(ActorFacts(name="mallory"), "pull", "push", name="open/app") == {"pull"}
    assert ask(ActorFacts(), "pull") == set()


def test_superuser_has_all_in_namespaces_that_exist():
    root = ActorFacts(name="root", is_superuser=True)
    assert ask(root, "*") == set(ALL_ACTIONS)
    assert ask(root, "*", name="nowhere/app") == set()


@pytest.mark.parametrize(
    "name",
    [
        "Team/app",
        "team//app",
        "/team",
        "",
        "host:5000/team/app",
        "team/app\n",
        "team/" + "a" * LONGEST_NAME,
    ],
)
def test_names_that_no_registry_takes_give_nothing(name):
    assert namespace_of(name) is None
    assert ask(ActorFacts(is_superuser=True), "*", name=name) == set()


def test_catalogue_is_for_few():
    assert ask(ActorFacts(is_superuser=True), "*", kind="registry", name="catalog") == {"*"}
    assert ask(ActorFacts(may_list_all=True), "*", kind="registry", name="catalog") == {"*"}
    assert ask(holder("owner"), "*", kind="registry", name="catalog") == set()
    assert ask(ActorFacts(is_superuser=True), "pull", kind="registry", name="catalog") == set()
    narrow = ActorFacts(is_superuser=True, token_scopes=frozenset({"registry.push"}))
    assert ask(narrow, "*", kind="registry", name="catalog") == set()
    wide = ActorFacts(is_superuser=True, token_scopes=frozenset({"registry.pull"}))
    assert ask(wide, "*", kind="registry", name="catalog") == {"*"}


def test_unknown_type_gives_nothing_and_no_error():
    assert ask(ActorFacts(is_superuser=True), "*", kind="repository-ish") == set()


def test_token_narrows():
    assert ask(holder("owner", token_scopes=frozenset({"registry.pull"})), "*") == {"pull"}
    assert ask(holder("owner", token_scopes=frozenset({"registry.push"})), "*") == {"pull", "push"}
    assert ask(holder("reader", token_scopes=frozenset({"registry.delete"})), "*") == set()
    assert ask(holder("owner", token_scopes=frozenset({"api.read"})), "*") == set()


def test_refused_resources_are_left_out():
    scopes = [
        Scope("repository", "team/app", frozenset({"pull"})),
        Scope("repository", "other/app", frozenset({"pull"})),
    ]
    found = authorize(holder("reader"), requested=scopes, namespaces=[TEAM])
    assert found == (Access("repository", "team/app", ("pull",)),)


names = st.sampled_from(["team/app", "team/other", "open/app", "nowhere/app", "team", "Bad"])
grants = st.builds(
    GrantFact,
    namespace=st.sampled_from(["team", "open", "nowhere"]),
    role=st.sampled_from(sorted(ROLE_ACTIONS)),
    repository=st.none() | names,
)
actors = st.builds(
    ActorFacts,
    name=st.just("bob"),
    is_superuser=st.booleans(),
    may_list_all=st.booleans(),
    token_scopes=st.none() | st.frozensets(st.sampled_from([*SCOPE_ACTIONS, "api.read"])),
    grants=st.lists(grants, max_size=4).map(tuple),
)
scopes = st.builds(
    Scope,
    type=st.sampled_from(["repository", "registry", "other"]),
    name=names | st.just("catalog"),
    actions=st.frozensets(st.sampled_from(["pull", "push", "delete", "*", "odd"]), min_size=1),
)


@given(actors, st.lists(scopes, max_size=5))
def test_never_more_than_asked_for(actor, requested):
    for access in authorize(actor, requested=requested, namespaces=[TEAM, OPEN]):
        asked = {
            action
            for scope in requested
            if (scope.type, scope.name) == (access.type, access.name)
            for action in scope.actions
        }
        assert access.actions
        assert "*" in asked or set(access.actions) <= asked


@given(actors, scopes, grants)
def test_another_grant_never_takes_away(actor, scope, more):
    facts = {
        name: getattr(actor, name) for name in ("is_superuser", "may_list_all", "token_scopes")
    }
    richer = ActorFacts(name=actor.name, grants=(*actor.grants, more), **facts)
    before = authorize(actor, requested=[scope], namespaces=[TEAM, OPEN])
    after = authorize(richer, requested=[scope], namespaces=[TEAM, OPEN])
    assert {action for a in before for action in a.actions} <= {
        action for a in after for action in a.actions
    }


@given(actors, scopes)
def test_a_token_never_adds(actor, scope):
    facts = {name: getattr(actor, name) for name in ("is_superuser", "may_list_all", "grants")}
    whole = ActorFacts(name=actor.name, **facts)
    narrowed = authorize(actor, requested=[scope], namespaces=[TEAM, OPEN])
    free = authorize(whole, requested=[scope], namespaces=[TEAM, OPEN])
    assert {action for a in narrowed for action in a.actions} <= {
        action for a in free for action in a.actions
    }


@given(scopes)
def test_a_stranger_gets_no_more_than_public_pulls(scope):
    found = authorize(ActorFacts(name="mallory"), requested=[scope], namespaces=[TEAM, OPEN])
    assert all(a.name == "open/app" and a.actions == ("pull",) for a in found)
