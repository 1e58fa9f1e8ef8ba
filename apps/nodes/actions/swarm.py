"""What is done to a whole Swarm: join tokens, autolock, unlock key, certificate authority."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.forms.clusters import TokensForm
from apps.nodes.models import Cluster, Node
from apps.nodes.ports import Capability
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.rules.previews import Preview
from apps.nodes.selectors import outstanding_join_lines
from apps.nodes.services import rotate_ca, rotate_tokens, rotate_unlock_key, set_autolock
from dce_portal.models import Operation
from dce_portal.origin import Origin

MANAGE = "nodes.manage_cluster"


def preview_tokens(cluster: Cluster, wish: Wish) -> Preview:
    """What the old tokens are good for afterwards, and which join lines do not mind."""
    nothing = not (wish.get("worker", True) or wish.get("manager", True))
    return Preview(
        title=_("Rotate the join tokens of %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "The managers make new tokens and no host can join with the old ones any more."
                " Nodes that have joined stay as they are."
            ),
            _join_lines(cluster),
        ),
        warnings=(_("Nothing is chosen yet."),) if nothing else (),
        blocked=_no_majority(cluster),
    )


def _join_lines(cluster: Cluster) -> str:
    count = outstanding_join_lines(cluster)
    if not count:
        return _("The portal has no join line outstanding for this cluster.")
    return ngettext(
        "The one outstanding join line of the portal is not affected:"
        " it asks a manager for the token when a host joins.",
        "The %(count)s outstanding join lines of the portal are not affected:"
        " they ask a manager for the token when a host joins.",
        count,
    ) % {"count": count}


def _no_majority(cluster: Cluster) -> str:
    """Without a leader nothing can be changed; the page says so before it is tried."""
    return cluster.stale_reason if cluster.condition else ""


def facts_of(cluster: Cluster) -> ClusterFacts | None:
    """What the Swarm said of itself last."""
    return ClusterFacts.from_columns(cluster.facts)


def is_autolocked(cluster: Cluster) -> bool:
    """Whether managers wait for the key after a restart, as far as is known."""
    facts = facts_of(cluster)
    return facts is not None and facts.is_autolocked


def preview_autolock_on(cluster: Cluster, _wish: Wish) -> Preview:
    """What a restart means from then on."""
    return Preview(
        title=_("Turn autolock on for %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "The managers keep their keys and the Swarm's state encrypted on disk. A manager whose"
                " engine is restarted waits until somebody unlocks it with the key; its containers go on."
            ),
            _("The key is shown on the page of the cluster's secrets. Keep it outside this Swarm."),
        ),
        warnings=(
            _(
                "When all managers are restarted at once and nobody has the key, the Swarm's state is lost."
            ),
        ),
        blocked=_no_majority(cluster)
        or (_("Autolock is on already.") if is_autolocked(cluster) else ""),
    )


def preview_autolock_off(cluster: Cluster, _wish: Wish) -> Preview:
    """What is no longer protected."""
    return Preview(
        title=_("Turn autolock off for %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "Managers that restart come back by themselves. Whoever reads a manager's disk then"
                " has the Swarm's keys and secrets."
            ),
        ),
        blocked=_no_majority(cluster) or _off_already(cluster),
    )


def _off_already(cluster: Cluster) -> str:
    return "" if is_autolocked(cluster) else _("Autolock is off; there is no unlock key.")


def preview_unlock_key(cluster: Cluster, _wish: Wish) -> Preview:
    """Why the old key should be kept for a moment."""
    return Preview(
        title=_("Rotate the unlock key of %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _("The managers make a new unlock key and encrypt what they keep with it."),
            _(
                "Keep the old key for some minutes: a manager that restarts before the new one"
                " reached it still asks for the old."
            ),
        ),
        blocked=_no_majority(cluster) or _off_already(cluster),
    )


def preview_ca(cluster: Cluster, _wish: Wish) -> Preview:
    """What changes, and which nodes would hold it up."""
    facts = facts_of(cluster)
    is_under_way = facts is not None and facts.is_rotating_root
    return Preview(
        title=_("Rotate the certificate authority of %(cluster)s") % {"cluster": cluster.name},
        sentences=(
            _(
                "The managers make a new root certificate and every node gets a certificate of it."
                " Tasks go on meanwhile; the operation ends when the last node has its own."
            ),
            _("Both join tokens change, since they carry the root's fingerprint."),
            _join_lines(cluster),
        ),
        warnings=_holding_up(cluster),
        blocked=_no_majority(cluster) or (_("A rotation is under way.") if is_under_way else ""),
    )


def _holding_up(cluster: Cluster) -> tuple[str, ...]:
    away = Node.objects.filter(cluster=cluster).exclude(state=Node.State.READY)
    names = list(away.values_list("hostname", flat=True)[:10])
    if not names:
        return ()
    return (
        _("The rotation cannot end before these nodes are back or removed: %(names)s.")
        % {"names": ", ".join(names)},
    )


def _start_tokens(cluster: Cluster, wish: Wish, origin: Origin) -> Operation:
    worker, manager = bool(wish.get("worker")), bool(wish.get("manager"))
    return rotate_tokens(cluster=cluster, worker=worker, manager=manager, origin=origin)


def _start_autolock_on(cluster: Cluster, _wish: Wish, origin: Origin) -> Operation:
    return set_autolock(cluster=cluster, is_on=True, origin=origin)


def _start_autolock_off(cluster: Cluster, _wish: Wish, origin: Origin) -> Operation:
    return set_autolock(cluster=cluster, is_on=False, origin=origin)


def _start_unlock_key(cluster: Cluster, _wish: Wish, origin: Origin) -> Operation:
    return rotate_unlock_key(cluster=cluster, origin=origin)


def _start_ca(cluster: Cluster, _wish: Wish, origin: Origin) -> Operation:
    return rotate_ca(cluster=cluster, origin=origin)


register(
    Action(
        name="rotate-tokens",
        label=gettext_lazy("Rotate join tokens"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_tokens,
        start=_start_tokens,
        is_possible=offers(Capability.JOIN_TOKENS),
        form=TokensForm,
    )
)
register(
    Action(
        name="autolock-on",
        label=gettext_lazy("Turn autolock on"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_autolock_on,
        start=_start_autolock_on,
        is_possible=offers(Capability.AUTOLOCK),
        is_offered=lambda cluster: not is_autolocked(cluster),
    )
)
register(
    Action(
        name="autolock-off",
        label=gettext_lazy("Turn autolock off"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_autolock_off,
        start=_start_autolock_off,
        is_possible=offers(Capability.AUTOLOCK),
        is_offered=is_autolocked,
    )
)
register(
    Action(
        name="rotate-unlock-key",
        label=gettext_lazy("Rotate unlock key"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_unlock_key,
        start=_start_unlock_key,
        is_possible=offers(Capability.AUTOLOCK),
        is_offered=is_autolocked,
    )
)
register(
    Action(
        name="rotate-ca",
        label=gettext_lazy("Rotate CA"),
        permission=MANAGE,
        model=Cluster,
        preview=preview_ca,
        start=_start_ca,
        is_possible=offers(Capability.CERTIFICATES),
    )
)
