"""Takes a host in: whether it may use the token, whether it is a copy of another, and its one use."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.nodes.joining.hosts import JoiningHost
from apps.nodes.models import Cluster, EngineEndpoint, Join, JoinToken, Node
from apps.nodes.services.joining.steps import publish_on_commit
from apps.nodes.services.joining.tokens import target_of
from dce_portal.errors import Conflict, NotFound, PermissionDenied
from dce_portal.origin import Origin


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the host that only the portal can tell."""

    is_fatal: bool
    sentence: str


def origin_of(token: JoinToken, *, address: str | None) -> Origin:
    """Who stands behind what a host does with this token: the person who made it."""
    return Origin(actor=token.created_by, address=address, credential=str(token))


def refuse_dead(token: JoinToken) -> None:
    """Raise with the sentence for a token that lets nobody in, whatever it was used for."""
    maker = token.created_by
    if token.revoked_at is not None:
        raise PermissionDenied(_("This join token was revoked. Make a new one under Add nodes."))
    if token.expires_at <= timezone.now():
        at = date_format(timezone.localtime(token.expires_at), "Y-m-d H:i")
        message = _("This join token expired on %(at)s. Make a new one under Add nodes.")
        raise PermissionDenied(message % {"at": at})
    if maker is None or not maker.is_active or not maker.has_perm("nodes.add_jointoken"):
        raise PermissionDenied(
            _("The person who made this join token may no longer add nodes. Ask for a new one.")
        )


def refuse_unusable(token: JoinToken, machine: str) -> None:
    """Raise with the sentence for a host that may not come in; one that has begun may go on."""
    refuse_dead(token)
    if token.joins.filter(machine_id=machine).exists():
        return
    if token.uses_taken >= token.uses_allowed:
        raise PermissionDenied(
            _(
                "This join token has been used %(uses)s of %(allowed)s times."
                " Make a new one under Add nodes."
            )
            % {"uses": token.uses_taken, "allowed": token.uses_allowed}
        )
    _refuse_full(token.cluster)


def _refuse_full(cluster: Cluster | None) -> None:
    limit: int | None = settings.CONFIGURATION.node_limit
    if cluster is None or limit is None:
        return
    nodes = cluster.nodes.count()
    if nodes >= limit:
        raise Conflict(
            _(
                "The Swarm %(cluster)s is full: it has %(nodes)s nodes, and DCE_NODE_LIMIT is %(limit)s."
                " Remove a node or raise the limit."
            )
            % {"cluster": cluster.name, "nodes": nodes, "limit": limit}
        )


def findings_of(host: JoiningHost, *, cluster: Cluster | None) -> list[Finding]:
    """Another machine with this engine's ID, or another node with this host's name."""
    twin = _engine_twin(host)
    found = []
    if twin is not None:
        name = twin.node.hostname if twin.node else twin.url
        sentence = _(
            "%(name)s has the same engine ID: this machine is a copy of it. Stop docker, delete"
            " /etc/docker/key.json and engine-id in docker's data folder, start docker again."
        )
        found.append(Finding(is_fatal=True, sentence=sentence % {"name": name}))
    namesakes = Node.objects.filter(cluster=cluster, hostname=host.hostname)
    if cluster and namesakes.exclude(native_id__in=_own_nodes(host)).exists():
        sentence = _(
            "A node named %(name)s is in %(cluster)s already; the two are easily mixed up."
        )
        values = {"name": host.hostname, "cluster": cluster.name}
        found.append(Finding(is_fatal=False, sentence=sentence % values))
    return found


def _engine_twin(host: JoiningHost) -> EngineEndpoint | None:
    """An address that answers with this engine's ID and cannot be this host."""
    if not host.engine_id:
        return None
    same = EngineEndpoint.objects.select_related("node").filter(
        engine_id=host.engine_id, failures=0, last_ok_at__isnull=False
    )
    other_name = same.exclude(node__hostname=host.hostname).exclude(node=None)
    elsewhere = same.filter(kind=EngineEndpoint.Kind.AGENT).exclude(url=host.agent_url)
    return other_name.first() or elsewhere.first()


def _own_nodes(host: JoiningHost) -> list[str]:
    own = EngineEndpoint.objects.filter(engine_id=host.engine_id).exclude(engine_id="")
    ids = list(own.values_list("node__native_id", flat=True))
    return [native_id for native_id in (*ids, host.swarm_node) if native_id]


def claim_join(token: JoinToken, host: JoiningHost) -> Join:
    """Give the host its join: a new one takes a use of the token, one that was begun goes on."""
    with transaction.atomic():
        refuse_unusable(token, host.machine)
        for finding in findings_of(host, cluster=token.cluster):
            if finding.is_fatal:
                raise Conflict(finding.sentence)
        known = Join.objects.filter(token=token, machine_id=host.machine).first()
        join = _resumed(known, host) if known else _begun(token, host)
        publish_on_commit(join)
    return join


def join_of(token: JoinToken, machine: str) -> Join:
    """The join that this host has claimed; the token must still be alive."""
    refuse_dead(token)
    rows = Join.objects.select_related("certificate__endpoint__node__cluster", "node")
    join = rows.filter(token=token, machine_id=machine).first()
    if join is None:
        raise NotFound(_("This host has not begun to join. Run the whole line again."))
    return join


def _begun(token: JoinToken, host: JoiningHost) -> Join:
    """Take a use by compare and set, so that of two hosts after the last one only one gets it."""
    free = JoinToken.objects.filter(pk=token.pk, uses_taken__lt=F("uses_allowed"))
    if not free.update(uses_taken=F("uses_taken") + 1):
        token.refresh_from_db(fields=["uses_taken"])
        refuse_unusable(token, host.machine)
    join = Join.objects.create(
        token=token, machine_id=host.machine, hostname=host.hostname, address=host.address
    )
    record_audit(
        "join.begin",
        origin=origin_of(token, address=host.seen_at),
        target=target_of(token),
        detail={"hostname": host.hostname, "address": host.address},
    )
    return join


def _resumed(join: Join, host: JoiningHost) -> Join:
    join.hostname, join.address, join.error = host.hostname, host.address, ""
    join.state, join.steps = Join.State.RUNNING, []
    join.save(update_fields=["hostname", "address", "error", "state", "steps", "updated_at"])
    return join
