"""What reads in the registry: who may pull what, and the lists that pages and the API show of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.issued_models import WARN_BEFORE
from apps.registry.models import (
    Blob,
    DockerLogin,
    Grant,
    Manifest,
    ManifestBlob,
    Namespace,
    RegistryEvent,
    Repository,
    Robot,
    Role,
    Tag,
)
from apps.registry.ports import INDEX_TYPES
from apps.registry.rights import GrantFact, NamespaceFact
from apps.registry.rights_rows import rights_rows

if TYPE_CHECKING:
    from apps.accounts.models import User

Person = AbstractBaseUser | AnonymousUser
MOST_ATTEMPTS = 20
LONG_FIELDS = ("layers", "facts", "annotations")
WRITERS_OF_README = (Role.MAINTAINER, Role.OWNER)


def _grants_of(person: User) -> QuerySet[Grant]:
    """The grants that name the person, or a team that the person is in."""
    return Grant.objects.filter(_names(person))


def grants_of(user: Person) -> QuerySet[Grant]:
    """The user's own grants, by name or by team; none for a visitor."""
    person = _as_person(user)
    return Grant.objects.none() if person is None else _grants_of(person)


def _names(person: User) -> Q:
    return Q(person=person) | Q(team__in=person.memberships.values("team"))


def _as_person(user: Person) -> User | None:
    """The signed-in person, or None for anyone else."""
    return user if user.is_authenticated and user.is_active else None  # type: ignore[return-value]  # AUTH_USER_MODEL


def rights_facts(
    user: Person, *, namespaces: Iterable[str]
) -> tuple[tuple[NamespaceFact, ...], tuple[GrantFact, ...]]:
    """In one query: which of these namespaces exist, and the user's grants in them."""
    person = _as_person(user)
    needs_grants = person is not None and not person.is_superuser
    return _facts_of(rights_rows(set(namespaces), person_id=user.pk if needs_grants else None))


def _facts_of(
    rows: Iterable[tuple[str, bool, str | None, str | None]],
) -> tuple[tuple[NamespaceFact, ...], tuple[GrantFact, ...]]:
    found = list(rows)
    facts = {name: NamespaceFact(name, bool(is_public)) for name, is_public, _role, _path in found}
    grants = tuple(
        GrantFact(name, role, path) for name, _is_public, role, path in found if role is not None
    )
    return tuple(facts.values()), grants


def namespaces_visible_to(user: Person) -> QuerySet[Namespace]:
    """Public namespaces, and those in which the user has any grant; all for a superuser."""
    person = _as_person(user)
    if person is None:
        return Namespace.objects.filter(is_public=True)
    if person.is_superuser:
        return Namespace.objects.all()
    return Namespace.objects.filter(
        Q(is_public=True) | Q(pk__in=_grants_of(person).values("namespace"))
    )


def namespaces_managed_by(user: Person) -> QuerySet[Namespace]:
    """Those whose grants the user may change: as owner of the whole namespace, or as superuser."""
    person = _as_person(user)
    if person is None:
        return Namespace.objects.none()
    if person.is_superuser:
        return Namespace.objects.all()
    owned = _grants_of(person).filter(role=Role.OWNER, repository=None)
    return Namespace.objects.filter(pk__in=owned.values("namespace"))


def manages_any(user: Person) -> bool:
    """True when the user may change some namespace; asked by each item of the sidebar, so kept with the user."""
    known: bool | None = getattr(user, "_manages_any", None)
    if known is None:
        known = namespaces_managed_by(user).exists()
        user._manages_any = known  # type: ignore[union-attr]  # for as long as the request's user lives
    return known


def may_manage(user: Person, namespace: Namespace) -> bool:
    """True when the user may change this namespace and its grants."""
    return namespaces_managed_by(user).filter(pk=namespace.pk).exists()


def repositories_visible_to(user: Person) -> QuerySet[Repository]:
    """Those that the user may pull."""
    visible = Repository.objects.filter(_pullable(user))
    return visible.select_related("namespace").defer("readme")


def tags_visible_to(user: Person) -> QuerySet[Tag]:
    """The tags of repositories that the user may pull, with manifest and platforms at hand.

    What stands beside a tag is fetched for the rows of one page: a join would let the database
    begin at the other table, and sort all tags for each page.
    """
    repositories = Repository.objects.select_related("namespace").defer("readme")
    return _visible_tags(user).prefetch_related(
        Prefetch("repository", queryset=repositories),
        Prefetch("manifest", queryset=Manifest.objects.defer(*LONG_FIELDS)),
        Prefetch("manifest__children", queryset=Manifest.objects.only("platform")),
    )


def _visible_tags(user: Person) -> QuerySet[Tag]:
    person = _as_person(user)
    if person is not None and person.is_superuser:
        return Tag.objects.all()
    visible = Repository.objects.filter(_pullable(user)).order_by()
    return Tag.objects.filter(repository__in=visible.values("pk"))


def grants_visible_to(user: Person) -> QuerySet[Grant]:
    """The grants of namespaces that the user manages, and the user's own."""
    person = _as_person(user)
    if person is None:
        return Grant.objects.none()
    grants = Grant.objects.select_related("namespace", "repository", "person", "team")
    if person.is_superuser:
        return grants
    return grants.filter(Q(namespace__in=namespaces_managed_by(person)) | _names(person))


def robots_visible_to(user: Person) -> QuerySet[Robot]:
    """The robots of namespaces that the user manages."""
    robots = Robot.objects.select_related("namespace")
    return robots.filter(namespace__in=namespaces_managed_by(user))


def expiring_robots_of(user: Person) -> QuerySet[Robot]:
    """Those of them that end soon, the nearest first."""
    now = timezone.now()
    alive = robots_visible_to(user).filter(revoked_at=None, expires_at__gt=now)
    return alive.filter(expires_at__lte=now + WARN_BEFORE).order_by("expires_at")


def docker_logins_visible_to(user: Person) -> QuerySet[DockerLogin]:
    """A person's own docker logins; everybody's for a superuser."""
    person = _as_person(user)
    if person is None:
        return DockerLogin.objects.none()
    logins = DockerLogin.objects.select_related("owner")
    return logins if person.is_superuser else logins.filter(owner=person)


def _pullable(user: Person, prefix: str = "") -> Q:
    """A condition on repositories (through `prefix`) that holds where the user may pull."""
    person = _as_person(user)
    if person is not None and person.is_superuser:
        return Q()
    public = Q(**{f"{prefix}namespace__is_public": True})
    if person is None:
        return public
    mine = _grants_of(person)
    whole = mine.filter(repository=None).values("namespace")
    single = mine.filter(repository__isnull=False).values("repository")
    return public | Q(**{f"{prefix}namespace__in": whole}) | Q(**{f"{prefix}pk__in": single})


def with_tag_counts(repositories: QuerySet[Repository]) -> QuerySet[Repository]:
    """The same repositories, each with `tag_count`; counted for the rows of one page only."""
    present = Tag.objects.filter(repository=OuterRef("pk"), missing_since=None)
    return repositories.annotate(tag_count=_count_of(present))


def with_repository_counts(namespaces: QuerySet[Namespace], user: Person) -> QuerySet[Namespace]:
    """The same namespaces, each with `repository_count`: of those that the user may pull."""
    present = Repository.objects.filter(
        _pullable(user), namespace=OuterRef("pk"), missing_since=None
    )
    return namespaces.annotate(repository_count=_count_of(present))


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(rows=Count("pk"))
    return Coalesce(Subquery(counted.values("rows")), Value(0), output_field=IntegerField())


def sees_whole(user: Person, namespace: Namespace) -> bool:
    """True when the user may pull everything in the namespace, so that its sums tell nothing new."""
    person = _as_person(user)
    if namespace.is_public or (person is not None and person.is_superuser):
        return True
    return grants_of(user).filter(namespace=namespace, repository=None).exists()


def with_whole(namespaces: QuerySet[Namespace], user: Person) -> QuerySet[Namespace]:
    """The same namespaces, each with `is_whole`: whether the user may pull everything in it."""
    person = _as_person(user)
    if person is not None and person.is_superuser:
        return namespaces.annotate(is_whole=Value(value=True, output_field=BooleanField()))
    whole = grants_of(user).filter(repository=None, namespace=OuterRef("pk"))
    return namespaces.annotate(is_whole=Q(is_public=True) | Exists(whole))


def may_describe(user: Person, repository: Repository) -> bool:
    """True when the user may write the repository's README: its maintainers and owners."""
    person = _as_person(user)
    if person is None or person.is_superuser:
        return person is not None
    held = _grants_of(person).filter(namespace=repository.namespace_id, role__in=WRITERS_OF_README)
    return held.filter(Q(repository=None) | Q(repository=repository.pk)).exists()


def bytes_of(repositories: QuerySet[Repository]) -> int:
    """What these repositories store together, each blob once."""
    keys = ManifestBlob.objects.filter(repository__in=repositories.order_by().values("pk"))
    stored = Blob.objects.filter(pk__in=keys.values("blob")).aggregate(bytes=Sum("size_bytes"))
    return int(stored["bytes"] or 0)


def bytes_by_namespace() -> list[tuple[int, str, int]]:
    """Key, name and stored bytes of every namespace, each blob once."""
    return list(Namespace.objects.order_by("pk").values_list("pk", "name", "stored_bytes"))


def waiting_events() -> QuerySet[RegistryEvent]:
    """Events that are still to be applied, in the order of arrival."""
    return RegistryEvent.objects.filter(
        applied_at__isnull=True, attempts__lt=MOST_ATTEMPTS
    ).order_by("pk")


def usable_logins() -> QuerySet[DockerLogin]:
    """Docker logins that are neither revoked nor expired."""
    return DockerLogin.objects.filter(revoked_at=None, expires_at__gt=timezone.now())


def namespace_names() -> frozenset[str]:
    """The names of all namespaces."""
    return frozenset(Namespace.objects.values_list("name", flat=True))


def person_named(username: str) -> User | None:
    """The active person of this user name."""
    if not username:
        return None
    from apps.accounts.models import User

    return User.objects.filter(username=username, is_active=True).first()


def waiting_tags(repository: str, *, digest: str) -> frozenset[str]:
    """Tags that pushes named which the catalogue has not taken in yet."""
    waiting = RegistryEvent.objects.filter(
        applied_at__isnull=True, action="push", repository_name=repository
    )
    targets = (event.get("target") or {} for event in waiting.values_list("body", flat=True))
    return frozenset(
        str(target["tag"])
        for target in targets
        if target.get("digest") == digest and target.get("tag")
    )


def tags_of_digest(repository: str, *, digest: str) -> frozenset[str]:
    """The tags that point at a manifest, those of pushes that wait to be taken in among them."""
    known = Tag.objects.filter(
        repository__name=repository, manifest__digest=digest, missing_since=None
    )
    return frozenset(known.values_list("name", flat=True)) | waiting_tags(repository, digest=digest)


def tags_over_digest(repository: str, *, digest: str) -> frozenset[str]:
    """The tags of indexes in which a manifest is one of the platforms."""
    over = Tag.objects.filter(
        repository__name=repository, manifest__children__digest=digest, missing_since=None
    )
    return frozenset(over.values_list("name", flat=True))


def present_tags(namespace_pk: int) -> QuerySet[Tag]:
    """The tags of a namespace that the registry lists."""
    return Tag.objects.filter(repository__namespace=namespace_pk, missing_since=None)


def manifest_stamp(namespace_pk: int) -> str:
    """Changes whenever a manifest of the namespace comes or goes, or is read."""
    rows = Manifest.objects.filter(repository__namespace=namespace_pk)
    facts = rows.aggregate(
        count=Count("pk"), last=Max("pk"), read=Count("pk", filter=Q(is_complete=True))
    )
    return f"{facts['count']}:{facts['last']}:{facts['read']}"


def blobs_of_namespace(namespace_pk: int) -> Iterator[tuple[str, int]]:
    """Digest and size of every blob that a namespace's manifests name, and of the manifests themselves."""
    rows = Manifest.objects.filter(repository__namespace=namespace_pk, missing_since=None)
    columns = ("digest", "manifest_bytes", "config_digest", "size_bytes", "layers", "media_type")
    for digest, own, config, size, layers, kind in rows.values_list(*columns).iterator():
        yield digest, own
        if kind in INDEX_TYPES:
            continue
        sizes = {str(layer["digest"]): int(layer["size_bytes"]) for layer in layers}
        yield from sizes.items()
        if config:
            yield config, max(0, size - sum(int(layer["size_bytes"]) for layer in layers))


def waiting_pushes(repository: str) -> frozenset[str]:
    """Digests of manifests that were pushed and are not taken in yet."""
    waiting = RegistryEvent.objects.filter(
        applied_at__isnull=True, action="push", repository_name=repository
    )
    targets = (event.get("target") or {} for event in waiting.values_list("body", flat=True))
    return frozenset(str(target["digest"]) for target in targets if target.get("digest"))


def blobs_of_tags() -> frozenset[str]:
    """All that tags lead to, whoever asks: manifests, platforms' manifests, configurations, layers."""
    tagged = Tag.objects.filter(missing_since=None).values("manifest")
    rows = Manifest.objects.filter(Q(pk__in=tagged) | Q(parents__in=tagged))
    found: set[str] = set()
    columns = ("digest", "config_digest", "layers")
    for digest, config, layers in rows.distinct().values_list(*columns).iterator():
        found.update((digest, config), (str(layer["digest"]) for layer in layers))
    return frozenset(found - {""})
