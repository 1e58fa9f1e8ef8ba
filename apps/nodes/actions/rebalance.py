"""Spread a service's tasks over the nodes anew."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.nodes.actions.availability import OPERATE
from apps.nodes.actions.possible import offers
from apps.nodes.actions.registry import Action, Wish, register
from apps.nodes.ports import Capability
from apps.nodes.rules.previews import Detail, Preview
from apps.nodes.selectors.moves import balance_after
from apps.nodes.services import request_rebalance, why_not_rebalance
from apps.workloads.models import Service
from dce_portal.models import Operation
from dce_portal.origin import Origin


def preview_rebalance(service: Service, _wish: Wish) -> Preview:
    """How many tasks each node has and would have, and that all of them restart."""
    now, after = balance_after(service)
    blocked = why_not_rebalance(service)
    return Preview(
        title=_("Rebalance %(service)s") % {"service": service.name},
        sentences=(
            _(
                "The Swarm does not move running tasks to nodes that come back. This forces an update"
                " of the service without changing it, so that every task is placed anew."
            ),
            _at_once(service),
        ),
        warnings=_warnings(now, after) if not blocked else (),
        blocked=blocked,
        details=(Detail(_("Tasks a node, now and probably afterwards"), _lines(now, after)),),
    )


def _at_once(service: Service) -> str:
    parallelism = service.update_parallelism
    if not parallelism:
        return _("All its tasks end and start anew at once, as its update settings say.")
    words = ngettext(
        "Its tasks end and start anew, %(n)s at a time, as its update settings say.",
        "Its tasks end and start anew, %(n)s at a time, as its update settings say.",
        parallelism,
    )
    return words % {"n": parallelism}


def _warnings(now: Counter[str], after: Counter[str]) -> tuple[str, ...]:
    warnings = [
        _("Every task restarts: connections to it break, and what it keeps in memory is lost.")
    ]
    if _spread(now) <= 1 and set(now) == set(after):
        warnings.append(_("Its tasks are spread evenly already; nothing would be gained."))
    return tuple(warnings)


def _spread(counts: Counter[str]) -> int:
    return max(counts.values(), default=0) - min(counts.values(), default=0)


def _lines(now: Counter[str], after: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{name}: {now[name]} → {after[name]}" for name in sorted({*now, *after}))


def _start(service: Service, _wish: Wish, origin: Origin) -> Operation:
    return request_rebalance(service=service, origin=origin)


register(
    Action(
        name="rebalance",
        label=gettext_lazy("Rebalance"),
        permission=OPERATE,
        model=Service,
        preview=preview_rebalance,
        start=_start,
        is_possible=offers(Capability.SERVICES),
        is_offered=lambda service: service.mode == "replicated",
    )
)
