"""Who may do what in a namespace, and where each right comes from, for the page and the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import TeamMembership
from apps.registry.models import Grant, Namespace, Repository, Robot, Role
from apps.registry.rights import (
    DELETE,
    PULL,
    PUSH,
    ActorFacts,
    GrantFact,
    NamespaceFact,
    Source,
    sources,
)

MANAGE = "manage"
COLUMNS = (PULL, PUSH, DELETE, MANAGE)
MOST_ROWS = 500
# Stands for every repository of a namespace that no grant names.
ANY_REPOSITORY = "any"


@dataclass(slots=True)
class Row:
    """A holder of rights; each right with the reasons for it, in words."""

    kind: str
    name: str
    number: int | None = None
    rights: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    @property
    def cells(self) -> list[tuple[str, list[str]]]:
        """In the order of the columns."""
        return [(name, self.rights[name]) for name in COLUMNS]

    def add(self, found: Iterable[Source]) -> None:
        """Note each right with its reason, once."""
        for source in found:
            words = reason_of(source)
            held = [*source.actions, *([MANAGE] if source.may_manage else [])]
            for name in held:
                if words not in self.rights[name]:
                    self.rights[name].append(words)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, and whether all are there."""

    rows: list[Row]
    is_whole: bool


def access_table(
    namespace: Namespace, *, repository: Repository | None = None, search: str = ""
) -> Table:
    """People, teams and robots with any right in the namespace, or on the repository, in a bounded number of reads."""
    builder = _Builder(namespace, repository)
    found = [row for row in builder.rows() if search.lower() in row.name.lower()]
    return Table(found[:MOST_ROWS], is_whole=len(found) <= MOST_ROWS and not builder.was_cut)


class _Builder:
    """Reads grants, the members of their teams, robots and superusers once, and judges each."""

    def __init__(self, namespace: Namespace, repository: Repository | None) -> None:
        self._fact = NamespaceFact(namespace.name, namespace.is_public)
        self._namespace, self._repository = namespace, repository
        self.was_cut = False

    def rows(self) -> list[Row]:
        grants = self._grants()
        found = [*self._people(grants), *self._teams(grants), *self._robots()]
        order = {"person": 1, "team": 2, "robot": 3}
        found.sort(key=lambda row: (order[row.kind], row.name))
        return [*self._everybody(), *found]

    def _grants(self) -> list[Grant]:
        here = Q(repository=None) | Q(repository=self._repository)
        grants = Grant.objects.filter(here if self._repository else Q(), namespace=self._namespace)
        rows = list(grants.select_related("person", "team", "repository")[: MOST_ROWS + 1])
        self.was_cut = self.was_cut or len(rows) > MOST_ROWS
        return rows[:MOST_ROWS]

    def _judged(self, actor: ActorFacts, repository: str | None) -> tuple[Source, ...]:
        """Public pulls have a row of their own."""
        name = repository or (
            self._repository.name if self._repository else f"{self._fact.name}/{ANY_REPOSITORY}"
        )
        return sources(actor, repository=name, namespaces=[NamespaceFact(self._fact.name)])

    def _fact_of(self, grant: Grant) -> GrantFact:
        return GrantFact(
            self._fact.name,
            grant.role,
            grant.repository.name if grant.repository else None,
            grant.team.name if grant.team else "",
        )

    def _everybody(self) -> Iterator[Row]:
        if self._fact.is_public:
            row = Row("everyone", str(_("everyone")))
            row.rights[PULL].append(_("the namespace is public"))
            yield row

    def _people(self, grants: list[Grant]) -> list[Row]:
        rows: dict[str, Row] = {}
        for name, number, fact in [*self._direct(grants), *self._by_team(grants)]:
            row = rows.setdefault(name, Row("person", name, number))
            row.add(self._judged(ActorFacts(name=name, grants=(fact,)), fact.repository))
        root = get_user_model().objects.filter(is_superuser=True, is_active=True)
        for person in root.order_by("username")[:MOST_ROWS]:
            name = person.get_username()
            row = rows.setdefault(name, Row("person", name, person.pk))
            row.add(self._judged(ActorFacts(name=name, is_superuser=True), None))
        return list(rows.values())

    def _direct(self, grants: list[Grant]) -> Iterator[tuple[str, int, GrantFact]]:
        for grant in grants:
            if grant.person is not None and grant.person.is_active:
                yield grant.person.get_username(), grant.person.pk, self._fact_of(grant)

    def _by_team(self, grants: list[Grant]) -> Iterator[tuple[str, int, GrantFact]]:
        by_team: dict[int, list[Grant]] = defaultdict(list)
        for grant in grants:
            if grant.team_id is not None:
                by_team[grant.team_id].append(grant)
        members = TeamMembership.objects.filter(team__in=by_team, person__is_active=True)
        names = members.values_list("team", "person", "person__username").order_by("pk")
        found = list(names[: MOST_ROWS + 1])
        self.was_cut = self.was_cut or len(found) > MOST_ROWS
        for team, person, username in found[:MOST_ROWS]:
            for grant in by_team[team]:
                yield username, person, self._fact_of(grant)

    def _teams(self, grants: list[Grant]) -> list[Row]:
        rows: dict[str, Row] = {}
        for grant in grants:
            if grant.team is None:
                continue
            row = rows.setdefault(grant.team.name, Row("team", grant.team.name, grant.team_id))
            fact = GrantFact(
                self._fact.name, grant.role, grant.repository.name if grant.repository else None
            )
            row.add(self._judged(ActorFacts(grants=(fact,)), fact.repository))
        return list(rows.values())

    def _robots(self) -> Iterator[Row]:
        robots = Robot.objects.filter(namespace=self._namespace, revoked_at=None)
        for robot in robots.order_by("username")[:MOST_ROWS]:
            if not robot.is_usable:
                continue
            row = Row("robot", robot.username, robot.pk)
            for fact in robot_facts(robot, self._fact.name):
                wanted = self._repository.name if self._repository else fact.repository
                row.add(self._judged(ActorFacts(name=robot.username, grants=(fact,)), wanted))
            if any(row.rights.values()):
                yield row


def robot_facts(robot: Robot, namespace: str) -> tuple[GrantFact, ...]:
    """A robot's role, on the namespace or on each of its repositories."""
    places: list[str | None] = [*robot.repositories] or [None]
    return tuple(GrantFact(namespace, robot.role, place) for place in places)


def reason_of(source: Source) -> str:
    """Where rights come from, in words."""
    if source.kind == "superuser":
        return _("superuser")
    if source.grant is None:
        return _("the namespace is public")
    role = _role_in_words(source.grant.role)
    words = _("%(role)s by the team %(team)s") if source.grant.team else "%(role)s"
    text = words % {"role": role, "team": source.grant.team}
    if source.grant.repository:
        text = _("%(role)s, only on %(repository)s") % {
            "role": text,
            "repository": source.grant.repository,
        }
    return text


def _role_in_words(role: str) -> str:
    """Without the list of actions, which the columns say."""
    label = str(Role(role).label) if role in Role.values else role
    return label.partition(" (")[0].partition("（")[0]
