"""Who may do what in the registry: one pure function from facts to granted actions.

Nothing is allowed unless a grant, a public namespace or being a superuser says so; a token's
scopes can only take away. Rights exist only in namespaces that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from apps.registry.scopes import Scope

PULL, PUSH, DELETE, ANY = "pull", "push", "delete", "*"
OWNER = "owner"
ALL_ACTIONS = frozenset({PULL, PUSH, DELETE})
ROLE_ACTIONS: Mapping[str, frozenset[str]] = {
    "reader": frozenset({PULL}),
    "writer": frozenset({PULL, PUSH}),
    "maintainer": ALL_ACTIONS,
    "owner": ALL_ACTIONS,
}
# A registry asks for pull and push together when something is pushed.
SCOPE_ACTIONS: Mapping[str, frozenset[str]] = {
    "registry.pull": frozenset({PULL}),
    "registry.push": frozenset({PULL, PUSH}),
    "registry.delete": frozenset({DELETE}),
}

LONGEST_NAME = 255
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")


@dataclass(frozen=True, slots=True)
class NamespaceFact:
    """A namespace that exists."""

    name: str
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class GrantFact:
    """A role of this actor on a namespace, or on one repository of it (its full name).

    `team` names the team that has the grant; it decides nothing, and explains where a right comes from.
    """

    namespace: str
    role: str
    repository: str | None = None
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorFacts:
    """Who asks; `token_scopes` is None when the credential has all of its owner's rights.

    A scope may end in a place: `registry.push:team` and `registry.push:team/app` narrow further.
    """

    name: str = ""
    is_superuser: bool = False
    may_list_all: bool = False
    token_scopes: frozenset[str] | None = None
    grants: tuple[GrantFact, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Access:
    """What a registry token allows on one resource."""

    type: str
    name: str
    actions: tuple[str, ...]


def namespace_of(repository: str) -> str | None:
    """The first component of a repository's name; None when no registry takes the name."""
    if len(repository) > LONGEST_NAME or not _NAME.fullmatch(repository):
        return None
    return repository.partition("/")[0]


def authorize(
    actor: ActorFacts, *, requested: Iterable[Scope], namespaces: Iterable[NamespaceFact]
) -> tuple[Access, ...]:
    """Exactly what is both asked for and granted; resources with nothing granted are left out."""
    known = {namespace.name: namespace for namespace in namespaces}
    granted = ((scope, _granted(actor, scope, known)) for scope in requested)
    return tuple(
        Access(scope.type, scope.name, tuple(sorted(actions)))
        for scope, actions in granted
        if actions
    )


def _granted(
    actor: ActorFacts, scope: Scope, namespaces: Mapping[str, NamespaceFact]
) -> frozenset[str]:
    if scope.type == "registry":
        return _catalogue_actions(actor, scope)
    if scope.type != "repository":
        return frozenset()
    rights = repository_rights(actor, repository=scope.name, namespaces=namespaces)
    return rights if ANY in scope.actions else rights & scope.actions


def _catalogue_actions(actor: ActorFacts, scope: Scope) -> frozenset[str]:
    """The registry's own list of all names is all or nothing, and asks for `*` by that letter."""
    may = actor.is_superuser or actor.may_list_all
    asked = scope.name == "catalog" and ANY in scope.actions
    within = actor.token_scopes is None or "registry.pull" in actor.token_scopes
    return frozenset({ANY}) if may and asked and within else frozenset()


def repository_rights(
    actor: ActorFacts, *, repository: str, namespaces: Mapping[str, NamespaceFact]
) -> frozenset[str]:
    """All that the actor may do with one repository."""
    namespace = namespaces.get(namespace_of(repository) or "")
    if namespace is None:
        return frozenset()
    return _held(actor, repository, namespace) & _within_token(actor, repository)


def _held(actor: ActorFacts, repository: str, namespace: NamespaceFact) -> frozenset[str]:
    if actor.is_superuser:
        return ALL_ACTIONS
    rights = {PULL} if namespace.is_public else set()
    for grant in actor.grants:
        if grant.namespace == namespace.name and grant.repository in (None, repository):
            rights |= ROLE_ACTIONS.get(grant.role, frozenset())
    return frozenset(rights)


def _within_token(actor: ActorFacts, repository: str) -> frozenset[str]:
    if actor.token_scopes is None:
        return ALL_ACTIONS
    places = {"", repository, repository.partition("/")[0]}
    allowed: set[str] = set()
    for scope in actor.token_scopes:
        right, _colon, place = scope.partition(":")
        if place in places:
            allowed |= SCOPE_ACTIONS.get(right, frozenset())
    return frozenset(allowed)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rights on one repository come from: being a superuser, a public namespace, or a grant."""

    kind: str
    actions: frozenset[str]
    grant: GrantFact | None = None

    @property
    def may_manage(self) -> bool:
        """Owners of a whole namespace, and superusers, change who may do what in it."""
        owns = self.grant is not None and self.grant.role == OWNER and not self.grant.repository
        return self.kind == "superuser" or owns


def sources(
    actor: ActorFacts, *, repository: str, namespaces: Iterable[NamespaceFact]
) -> tuple[Source, ...]:
    """Each thing that gives the actor a right here, judged alone by the function that judges all of them."""
    known = {namespace.name: namespace for namespace in namespaces}
    private = {name: NamespaceFact(name) for name in known}
    nobody = replace(actor, grants=(), is_superuser=False)
    judged: list[tuple[str, ActorFacts, GrantFact | None, dict[str, NamespaceFact]]]
    judged = [("public", nobody, None, known)]
    if actor.is_superuser:
        judged.insert(0, ("superuser", replace(nobody, is_superuser=True), None, private))
    judged += [("grant", replace(nobody, grants=(one,)), one, private) for one in actor.grants]
    found = (
        Source(kind, repository_rights(alone, repository=repository, namespaces=facts), grant)
        for kind, alone, grant, facts in judged
    )
    return tuple(source for source in found if source.actions)
