"""Who may do what: examples, and properties over all combinations."""

from __future__ import annotations

from dataclasses import replace

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
    sources,
)
from apps.registry.scopes import Scope, parse_scopes
from dce_portal.errors import InvalidInput

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


@pytest.mark.parametrize(
    ("scope", "name", "actions"),
    [
        ("registry.push:team", "team/app", {"pull", "push"}),
        ("registry.push:team", "open/app", set()),
        ("registry.push:team/app", "team/app", {"pull", "push"}),
        ("registry.push:team/app", "team/other", set()),
        ("registry.push:team/app", "team/app/below", set()),
        ("registry.delete:team", "team", {"delete"}),
        ("registry.pull:open", "team/app", set()),
    ],
)
def test_a_scope_with_a_place_holds_there_alone(scope, name, actions):
    actor = holder("owner", token_scopes=frozenset({scope}))
    assert ask(actor, "*", name=name) == actions


def test_a_scope_with_a_place_lists_no_catalogue():
    actor = ActorFacts(is_superuser=True, token_scopes=frozenset({"registry.pull:team"}))
    assert ask(actor, "*", kind="registry", name="catalog") == set()


def test_several_scopes_with_a_mount_from_another_repository():
    """A mount asks for pull on the source beside push on the target, and each is judged alone."""
    requested = [
        Scope("repository", "team/app", frozenset({"pull", "push"})),
        Scope("repository", "open/base", frozenset({"pull"})),
        Scope("repository", "nowhere/base", frozenset({"pull"})),
    ]
    assert authorize(holder("writer"), requested=requested, namespaces=[TEAM, OPEN]) == (
        Access("repository", "team/app", ("pull", "push")),
        Access("repository", "open/base", ("pull",)),
    )


@given(actors, names)
def test_where_rights_come_from_adds_up_to_the_rights(actor, name):
    """The explanation is no second opinion: its parts are the decision's, all of them and no more."""
    free = replace(actor, token_scopes=None)
    found = sources(free, repository=name, namespaces=[TEAM, OPEN])
    together = {action for source in found for action in source.actions}
    assert together == ask(free, "*", name=name)
    assert all(source.actions for source in found)
    manages = any(source.may_manage for source in found)
    owner = any(
        g.role == "owner" and g.repository is None and g.namespace == namespace_of(name)
        for g in free.grants
    )
    exists = namespace_of(name) in {"team", "open"}
    assert manages == (exists and (free.is_superuser or owner))


placed = st.builds(
    "{}{}".format,
    st.sampled_from([*SCOPE_ACTIONS]),
    st.sampled_from(["", ":team", ":open", ":team/app", ":nowhere"]),
)


@given(actors, scopes, st.frozensets(placed, max_size=3), placed)
def test_one_scope_more_never_takes_away(actor, scope, held, more):
    narrow = replace(actor, token_scopes=held)
    wide = replace(actor, token_scopes=held | {more})
    before = authorize(narrow, requested=[scope], namespaces=[TEAM, OPEN])
    after = authorize(wide, requested=[scope], namespaces=[TEAM, OPEN])
    assert {action for a in before for action in a.actions} <= {
        action for a in after for action in a.actions
    }


def test_thousands_of_scopes_are_judged_in_a_moment_and_the_parser_takes_no_more_than_it_says():
    requested = [Scope("repository", f"team/a{n}", frozenset({"pull"})) for n in range(5000)]
    assert len(authorize(holder("reader"), requested=requested, namespaces=[TEAM])) == 5000
    with pytest.raises(InvalidInput, match="Too many"):
        parse_scopes(f"repository:team/a{n}:pull" for n in range(5000))
