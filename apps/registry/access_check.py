"""Answers "may X do this with Y?" by the function that the token endpoint asks, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from apps.accounts.models import Team
from apps.registry import selectors
from apps.registry.access import MANAGE, reason_of, robot_facts
from apps.registry.models import Grant, Namespace, Robot
from apps.registry.rights import ActorFacts, GrantFact, NamespaceFact, namespace_of, sources
from dce_portal.errors import PermissionDenied

KINDS = ("person", "team", "robot", "anyone")


@dataclass(frozen=True, slots=True)
class Question:
    """Who, what, on what."""

    kind: str
    who: str
    action: str
    repository: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether, and why."""

    is_allowed: bool
    reasons: list[str] = field(default_factory=list)


def may_ask(user: selectors.Person, question: Question) -> bool:
    """Owners ask about everyone in their namespaces, everybody about themselves and strangers."""
    about_self = question.kind == "person" and question.who == user.get_username()
    if about_self or question.kind == "anyone":
        return True
    namespace = Namespace.objects.filter(name=namespace_of(question.repository) or "").first()
    if namespace is None:
        return bool(getattr(user, "is_superuser", False))
    return selectors.may_manage(user, namespace)


def verdict_for(user: selectors.Person, question: Question) -> Verdict:
    """The answer, for somebody who may ask."""
    if not may_ask(user, question):
        raise PermissionDenied(
            _("Only owners of the namespace may ask about others; ask about yourself.")
        )
    name = namespace_of(question.repository)
    if name is None:
        return Verdict(
            is_allowed=False, reasons=[_("No registry takes this as the name of a repository.")]
        )
    namespace = Namespace.objects.filter(name=name).first()
    if namespace is None or not _may_know(user, namespace):
        return Verdict(
            is_allowed=False, reasons=[_("There is no namespace %(name)s.") % {"name": name}]
        )
    actor = _actor(question, namespace)
    if isinstance(actor, str):
        return Verdict(is_allowed=False, reasons=[actor])
    return _judged(actor, question, namespace)


def _judged(actor: ActorFacts, question: Question, namespace: Namespace) -> Verdict:
    fact = NamespaceFact(namespace.name, namespace.is_public)
    found = sources(actor, repository=question.repository, namespaces=[fact])
    giving = [
        source
        for source in found
        if (source.may_manage if question.action == MANAGE else question.action in source.actions)
    ]
    if giving:
        return Verdict(is_allowed=True, reasons=[reason_of(source) for source in giving])
    if not found:
        return Verdict(is_allowed=False, reasons=[_("Nothing gives any right on it.")])
    lesser = ", ".join(reason_of(source) for source in found)
    return Verdict(
        is_allowed=False,
        reasons=[_("What there is does not give it: %(reasons)s.") % {"reasons": lesser}],
    )


def _may_know(user: selectors.Person, namespace: Namespace) -> bool:
    """What a person has no right in does not exist for that person."""
    return selectors.namespaces_visible_to(user).filter(pk=namespace.pk).exists()


def _actor(question: Question, namespace: Namespace) -> ActorFacts | str:
    """The facts of whom the question is about, or the sentence that says why there are none."""
    who = question.who.replace("\0", "␀")
    if question.kind == "anyone":
        return ActorFacts()
    if question.kind == "robot":
        return _robot(who, namespace)
    if question.kind == "team":
        return _team(who, namespace)
    return _person(who, namespace)


def _person(username: str, namespace: Namespace) -> ActorFacts | str:
    person = get_user_model().objects.filter(username=username).first()
    if person is None or not person.is_active:
        return _("There is no active person with the user name %(name)s.") % {"name": username[:60]}
    grants = selectors.grants_of(person).filter(namespace=namespace)
    facts = _facts(list(grants.select_related("repository", "team")), namespace)
    return ActorFacts(name=username, is_superuser=person.is_superuser, grants=facts)


def _team(name: str, namespace: Namespace) -> ActorFacts | str:
    if not Team.objects.filter(name=name).exists():
        return _("There is no team %(name)s.") % {"name": name[:60]}
    grants = Grant.objects.filter(namespace=namespace, team__name=name)
    facts = _facts(list(grants.select_related("repository", "team")), namespace)
    return ActorFacts(name=name, grants=facts)


def _robot(username: str, namespace: Namespace) -> ActorFacts | str:
    robot = Robot.objects.filter(username=username).select_related("namespace").first()
    if robot is None:
        return _("There is no robot %(name)s.") % {"name": username[:60]}
    if not robot.is_usable:
        return _("The robot has ended: it was revoked, or it expired.")
    return ActorFacts(name=username, grants=robot_facts(robot, robot.namespace.name))


def _facts(grants: list[Grant], namespace: Namespace) -> tuple[GrantFact, ...]:
    return tuple(
        GrantFact(
            namespace.name,
            grant.role,
            grant.repository.name if grant.repository else None,
            grant.team.name if grant.team else "",
        )
        for grant in grants
    )
