"""What is done to one engine's disk and lock: measure, prune, unlock."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.nodes.actions.availability import OPERATE
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.actions.swarm import MANAGE
from apps.nodes.forms.clusters import PruneForm, UnlockForm, prune_wish
from apps.nodes.models import Condition, EngineDiskUsage, Node
from apps.nodes.ports.upkeep import DiskShare, DiskUsage, PruneWish
from apps.nodes.rules.previews import Detail, Preview
from apps.nodes.selectors import disk_usage_of, images_that_services_need
from apps.nodes.services import measure_disk, prune_node, request_unlock
from dce_portal.models import Operation
from dce_portal.origin import Origin
from dce_portal.secret import Secret
from dce_portal.templatetags.portal import bytes_human

ESTIMATE_HOLDS = timedelta(minutes=15)
MOST_NAMES = 50


def has_engine(node: Node) -> bool:
    """Whether an engine address leads here."""
    return getattr(node, "endpoint", None) is not None


def preview_measurement(node: Node, _wish: Wish) -> Preview:
    """Why it is not measured all the time."""
    return Preview(
        title=_("Measure the disk of %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "The engine walks through all its images, containers, volumes and build cache. On a full"
                " disk that takes minutes and slows down what runs there, so it is done on demand only"
                " and never twice at once on a node."
            ),
            _("Nothing is changed."),
        ),
    )


def preview_prune(node: Node, wish: Wish) -> Preview:
    """What would go, by the newest measurement."""
    measured = disk_usage_of(node)
    title = _("Remove what is unused on %(node)s") % {"node": node.hostname}
    if measured is None or not holds(measured):
        return Preview(title=title, sentences=(), blocked=_no_estimate())
    usage, chosen = DiskUsage.from_columns(measured.usage), prune_wish(wish)
    return Preview(
        title=title,
        sentences=(_estimate(usage, chosen), *_lines(usage)),
        warnings=tuple(_prune_warnings(node, usage, chosen)),
        needs_name=chosen.unused_volumes,
        details=tuple(_details(usage, chosen)),
    )


def holds(measured: EngineDiskUsage) -> bool:
    """Whether a measurement is new enough to be an estimate."""
    return timezone.now() - measured.measured_at < ESTIMATE_HOLDS


def _no_estimate() -> str:
    minutes = int(ESTIMATE_HOLDS.total_seconds()) // 60
    return _(
        "How much this would free is not known: the disk was not measured in the last %(minutes)s"
        " minutes. Measure the disk first, on the node's page."
    ) % {"minutes": minutes}


def shares_of(usage: DiskUsage, chosen: PruneWish) -> list[DiskShare]:
    """The parts of the disk that a wish is about."""
    images = usage.images if chosen.unused_images else usage.dangling_images
    wanted = (
        (chosen.stopped_containers, usage.containers),
        (chosen.unused_images or chosen.dangling_images, images),
        (chosen.build_cache, usage.build_cache),
        (chosen.unused_volumes, usage.volumes),
    )
    return [share for is_wanted, share in wanted if is_wanted]


def _estimate(usage: DiskUsage, chosen: PruneWish) -> str:
    free_bytes = sum(share.free_bytes for share in shares_of(usage, chosen))
    return _("What is chosen below frees at least %(size)s.") % {"size": bytes_human(free_bytes)}


def _lines(usage: DiskUsage) -> list[str]:
    named = (
        (_("Stopped containers"), usage.containers),
        (_("Dangling images"), usage.dangling_images),
        (_("All unused images"), usage.images),
        (_("Build cache"), usage.build_cache),
        (_("Unused volumes"), usage.volumes),
    )
    line = _("%(name)s: %(count)s, at least %(size)s")
    return [
        line % {"name": name, "count": share.free_count, "size": bytes_human(share.free_bytes)}
        for name, share in named
    ]


def _prune_warnings(node: Node, usage: DiskUsage, chosen: PruneWish) -> list[str]:
    warnings = []
    if chosen.unused_volumes and usage.unused_volumes:
        warnings.append(_("The data in the volumes is deleted and cannot be brought back."))
    needed = images_that_services_need(node, usage.unused_images) if chosen.unused_images else []
    if needed:
        warnings.append(
            _(
                "Services use these images: %(images)s. Their next task here has to pull them again,"
                " and cannot start when the registry no longer has them."
            )
            % {"images": ", ".join(needed[:MOST_NAMES])}
        )
    return warnings


def _details(usage: DiskUsage, chosen: PruneWish) -> list[Detail]:
    named = (
        (chosen.unused_images, _("Unused images:"), usage.unused_images),
        (chosen.unused_volumes, _("Unused volumes:"), usage.unused_volumes),
    )
    return [
        Detail(heading, names[:MOST_NAMES])
        for is_chosen, heading, names in named
        if is_chosen and names
    ]


def is_locked(node: Node) -> bool:
    """Whether its engine said that it waits for the unlock key."""
    endpoint = getattr(node, "endpoint", None)
    return endpoint is not None and endpoint.condition == Condition.LOCKED


def preview_unlock(node: Node, _wish: Wish) -> Preview:
    """Where the key comes from, and what becomes of it."""
    return Preview(
        title=_("Unlock %(node)s") % {"node": node.hostname},
        sentences=(
            _(
                "The engine was restarted with autolock on and waits for the Swarm's unlock key. With it,"
                " the engine is a manager again; its containers go on in any case."
            ),
            _("The key goes to the engine and is kept nowhere. Another manager can give it, too."),
        ),
        blocked="" if is_locked(node) else _("This node is not locked, as far as is known."),
    )


def _start_measurement(node: Node, _wish: Wish, origin: Origin) -> Operation:
    return measure_disk(node=node, origin=origin)


def _start_prune(node: Node, wish: Wish, origin: Origin) -> Operation:
    return prune_node(node=node, wish=prune_wish(wish), origin=origin)


def _start_unlock(node: Node, wish: Wish, origin: Origin) -> Operation:
    return request_unlock(node=node, key=wish.get("key") or Secret(""), origin=origin)


register(
    Action(
        name="unlock",
        label=gettext_lazy("Unlock"),
        permission=MANAGE,
        model=Node,
        preview=preview_unlock,
        start=_start_unlock,
        is_possible=has_engine,
        is_offered=is_locked,
        form=UnlockForm,
    )
)
register(
    Action(
        name="measure-disk",
        label=gettext_lazy("Measure disk"),
        permission=OPERATE,
        model=Node,
        preview=preview_measurement,
        start=_start_measurement,
        is_possible=has_engine,
    )
)
register(
    Action(
        name="prune",
        label=gettext_lazy("Prune"),
        permission="nodes.prune_node",
        model=Node,
        preview=preview_prune,
        start=_start_prune,
        is_possible=has_engine,
        form=PruneForm,
    )
)
