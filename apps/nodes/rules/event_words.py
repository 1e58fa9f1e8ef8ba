"""What each kind of cluster event says, in words that follow its subject's name."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "cluster.found": _("was found"),
    "cluster.no_leader": _("lost its majority of managers"),
    "cluster.locked": _("is locked"),
    "node.joined": _("joined"),
    "node.removed": _("was removed"),
    "node.ready": _("is ready"),
    "node.down": _("is down"),
    "node.disconnected": _("lost its manager"),
    "node.unknown": _("is in an unknown state"),
    "node.pending": _("is known and not yet reached by its manager"),
    "node.unhealthy": _("does not answer its manager"),
    "node.stale": _("does not answer"),
    "node.back": _("answers again"),
    "node.availability": _("changed its availability"),
    "node.role": _("changed its role"),
    "node.leader": _("leads the managers now"),
    "node.clock_wrong": _("has the wrong time"),
    "node.clock_right": _("has the right time again"),
    "node.engine_silent": _("has an engine that does not answer its agent"),
    "node.engine_back": _("has an engine that answers again"),
    "service.created": _("was created"),
    "service.removed": _("was removed"),
    "service.image": _("got another image"),
    "service.scaled": _("was scaled"),
    "service.update": _("is being updated"),
    "service.below": _("lacks running tasks"),
    "service.whole": _("has all its tasks again"),
    "task.failed": _("failed"),
    "task.rejected": _("was rejected"),
    "task.orphaned": _("lost its node"),
    "container.started": _("started"),
    "container.died": _("ended"),
    "container.killed": _("was killed"),
    "container.oom": _("ran out of memory"),
    "container.removed": _("was removed"),
    "container.unhealthy": _("is unhealthy"),
}


def words_of(kind: str) -> str:
    """What happened; a kind without words is shown as it is."""
    return str(WORDS.get(kind, kind))
