"""Takes standalone Swarms on and lets them go: their managers' addresses, TLS files and key store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.nodes.models import Cluster, EngineEndpoint
from apps.nodes.ports import TlsFiles
from apps.nodes.rules.discovery_url import parse_discovery
from apps.nodes.selectors import controller_files
from apps.nodes.services.onboarding import check_engine_url, check_tls_file, is_link_local
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

MOST_MANAGERS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneWish:
    """What a person says of a standalone Swarm."""

    name: str
    managers: tuple[str, ...]
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    uses_own_certificate: bool = False
    discovery_url: str = ""


@transaction.atomic
def add_standalone_swarm(wish: StandaloneWish, *, origin: Origin) -> Cluster:
    """Take a standalone Swarm on; the first poll follows within seconds."""
    tls = _checked(wish)
    cluster = Cluster(kind=Cluster.Kind.STANDALONE)
    _write(cluster, wish, tls=tls)
    record_audit("standalone.add", origin=origin, target=_target(cluster), detail=_detail(wish))
    return cluster


@transaction.atomic
def change_standalone_swarm(cluster: Cluster, wish: StandaloneWish, *, origin: Origin) -> Cluster:
    """Replace name, addresses, TLS files and key store; what was seen of its nodes is kept."""
    require_standalone(cluster)
    tls = _checked(wish, cluster=cluster)
    if cluster.discovery_url != wish.discovery_url:
        cluster.facts = {name: fact for name, fact in cluster.facts.items() if name != "discovery"}
    _write(cluster, wish, tls=tls)
    record_audit("standalone.change", origin=origin, target=_target(cluster), detail=_detail(wish))
    return cluster


@transaction.atomic
def forget_standalone_swarm(cluster: Cluster, *, origin: Origin) -> None:
    """Stop asking and drop the rows; nothing changes on the Swarm itself."""
    require_standalone(cluster)
    target = _target(cluster)
    # A poll that is just being written waits here, and then finds nothing to write to.
    locked = Cluster.objects.select_for_update().get(pk=cluster.pk)
    locked.endpoints.all().delete()
    locked.delete()
    record_audit("standalone.forget", origin=origin, target=target)


def wish_of(cluster: Cluster) -> StandaloneWish:
    """What a person has said of it, for a form."""
    require_standalone(cluster)
    rows = list(cluster.endpoints.order_by("pk"))
    own = controller_files()
    first = rows[0] if rows else EngineEndpoint()
    is_own = bool(first.tls_cert) and first.tls_cert == own.cert
    return StandaloneWish(
        name=cluster.name,
        managers=tuple(row.url for row in rows),
        tls_ca="" if is_own and first.tls_ca == own.ca else first.tls_ca,
        tls_cert="" if is_own else first.tls_cert,
        tls_key="" if is_own else first.tls_key,
        uses_own_certificate=is_own,
        discovery_url=cluster.discovery_url,
    )


def require_standalone(cluster: Cluster) -> None:
    """Refuse any other kind of cluster."""
    if cluster.kind != Cluster.Kind.STANDALONE:
        raise InvalidInput(
            _("%(name)s is not a standalone Swarm; its addresses are found by asking its engines.")
            % {"name": cluster.name}
        )


def _checked(wish: StandaloneWish, *, cluster: Cluster | None = None) -> TlsFiles:
    """Everything that can be told without asking the managers; returns the TLS files to use."""
    _check_name(wish.name, cluster=cluster)
    _check_managers(wish.managers, cluster=cluster)
    if wish.discovery_url:
        _check_store(wish.discovery_url)
    tls = _tls_of(wish)
    if wish.discovery_url.startswith("etcds://") and not (tls.ca or tls.cert):
        raise InvalidInput(
            _("A key store with TLS is asked with the TLS files of the managers; name them."),
            field="tls_ca",
        )
    return tls


def _check_name(name: str, *, cluster: Cluster | None) -> None:
    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise InvalidInput(_("A name has 1 to 64 printable characters."), field="name")
    taken = Cluster.objects.filter(name=name)
    if (taken.exclude(pk=cluster.pk) if cluster else taken).exists():
        raise Conflict(_("There is a cluster of this name already."), field="name")


def _check_managers(urls: Sequence[str], *, cluster: Cluster | None) -> None:
    if not urls:
        raise InvalidInput(_("Give at least one manager's address."), field="managers")
    if len(set(urls)) < len(urls) or len(urls) > MOST_MANAGERS:
        raise InvalidInput(
            _("Give each manager's address once, and no more than %(most)s of them.")
            % {"most": MOST_MANAGERS},
            field="managers",
        )
    for url in urls:
        _check_manager(url)
    taken = EngineEndpoint.objects.filter(url__in=urls)
    other = (taken.exclude(cluster=cluster) if cluster else taken).first()
    if other is not None:
        raise Conflict(
            _("%(url)s is under Engine addresses already; delete it there first.")
            % {"url": other.url},
            field="managers",
        )


def _check_manager(url: str) -> None:
    try:
        check_engine_url(url)
    except InvalidInput as error:
        raise InvalidInput(f"{url}: {error.message}", field="managers") from error
    if not url.startswith("tcp://"):
        raise InvalidInput(
            _("A manager's address is tcp://host:3376, with a comma before the next one."),
            field="managers",
        )


def _check_store(url: str) -> None:
    hosts = (urlsplit(member).hostname or "" for member in parse_discovery(url).members)
    if any(is_link_local(host) for host in hosts):
        raise InvalidInput(
            _("A key store's address cannot be a link-local one."), field="discovery_url"
        )


def _tls_of(wish: StandaloneWish) -> TlsFiles:
    if wish.uses_own_certificate:
        own = controller_files()
        tls = TlsFiles(ca=wish.tls_ca or own.ca, cert=own.cert, key=own.key)
    else:
        tls = TlsFiles(ca=wish.tls_ca, cert=wish.tls_cert, key=wish.tls_key)
    for field, path in (("tls_ca", tls.ca), ("tls_cert", tls.cert), ("tls_key", tls.key)):
        check_tls_file(path, field=field)
    if bool(tls.cert) != bool(tls.key):
        field = "tls_key" if tls.cert else "tls_cert"
        raise InvalidInput(_("Name both the certificate and its key, or neither."), field=field)
    return tls


def _write(cluster: Cluster, wish: StandaloneWish, *, tls: TlsFiles) -> None:
    """The cluster's row, and one address a manager; addresses that are no longer named go."""
    cluster.name, cluster.discovery_url = wish.name, wish.discovery_url
    cluster.save()
    cluster.endpoints.exclude(url__in=wish.managers).delete()
    values = {
        "tls_ca": tls.ca,
        "tls_cert": tls.cert,
        "tls_key": tls.key,
        "cluster": cluster,
        "kind": EngineEndpoint.Kind.STANDALONE,
        "is_manager": True,
    }
    for url in wish.managers:
        EngineEndpoint.objects.update_or_create(url=url, defaults=values)


def _target(cluster: Cluster) -> Target:
    return Target("cluster", str(cluster.pk), cluster.name)


def _detail(wish: StandaloneWish) -> dict[str, object]:
    return {"managers": list(wish.managers), "discovery": wish.discovery_url}
