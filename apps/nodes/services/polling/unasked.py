"""Marks what is asked no more: no poll could do it, since there is none for a thing without an address."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster, EngineEndpoint, Node
from apps.nodes.services.happenings import publish_state_on_commit
from apps.nodes.services.polling.polls import cluster_poll_failed
from apps.nodes.services.polling.staleness import refresh_staleness


def mark_unasked() -> None:
    """Say of Swarms without a manager's address, and of single engines without any, that they may be out of date."""
    _mark_swarms()
    _mark_single_engines()


def _mark_swarms() -> None:
    reason = _(
        "No manager of this Swarm has an address here any more. What was last seen is kept;"
        " add a manager's address under Engine addresses to see it again."
    )
    managed = EngineEndpoint.objects.filter(is_manager=True, cluster__isnull=False)
    swarms = Cluster.objects.exclude(kind=Cluster.Kind.ENGINES)
    unmanaged = swarms.exclude(pk__in=managed.values("cluster")).exclude(stale_reason=reason)
    for pk in unmanaged.values_list("pk", flat=True):
        cluster_poll_failed(pk, reason=reason, asked_at=timezone.now())


def _mark_single_engines() -> None:
    nodes = Node.objects.filter(cluster__kind=Cluster.Kind.ENGINES, endpoint=None)
    changed = refresh_staleness(nodes, at=timezone.now())
    for pk in nodes.filter(pk__in=changed).values_list("cluster", flat=True).distinct():
        publish_state_on_commit(pk, changed)
