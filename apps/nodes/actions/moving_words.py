"""What a drain moves, in words: previews of drain and of removal say the same."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.nodes.rules.fitting import Load, Misfit
from apps.nodes.rules.previews import Detail
from apps.nodes.selectors.moves import DrainPlan


def told_moves(plan: DrainPlan) -> tuple[str, ...]:
    """How many tasks move, and whether all fit."""
    count = plan.moving_count
    if not count and not plan.ending:
        return (_("No task runs here now, so nothing moves."),)
    moves = ngettext("%(n)s task moves.", "%(n)s tasks move.", count) % {"n": count}
    if plan.misfit_count or not count:
        return (moves,)
    return (
        moves,
        _("All of them fit on the other nodes, as far as the portal knows reservations and rules."),
    )


def misfits_told(plan: DrainPlan) -> tuple[str, ...]:
    """One warning for each service of which tasks find no node."""
    return tuple(_misfit(misfit) for misfit in plan.fit.misfits)


def _misfit(misfit: Misfit) -> str:
    words = ngettext(
        "%(n)s task of %(service)s fits on no other node and waits until one does (%(reason)s).",
        "%(n)s tasks of %(service)s fit on no other node and wait until one does (%(reason)s).",
        misfit.count,
    )
    return words % {"n": misfit.count, "service": misfit.load.name, "reason": misfit.reason}


def move_details(plan: DrainPlan) -> tuple[Detail, ...]:
    """The services whose tasks move, with where they would go, and those whose tasks only end."""
    lists = (
        Detail(_("Tasks that move, by service"), tuple(_moving(plan))),
        Detail(
            _("Tasks of global services, which run on every node and just end here"),
            tuple(_counted(load) for load in plan.ending),
        ),
    )
    return tuple(detail for detail in lists if detail.lines)


def _moving(plan: DrainPlan) -> Iterable[str]:
    for load in plan.moving:
        hosts = [
            f"{hostname} {count}"
            for (service, hostname), count in sorted(plan.fit.placed.items())
            if service == load.service
        ]
        places = _(" → probably %(hosts)s") % {"hosts": ", ".join(hosts)} if hosts else ""
        yield _counted(load) + places


def _counted(load: Load) -> str:
    tasks = ngettext("%(n)s task", "%(n)s tasks", load.count) % {"n": load.count}
    return f"{load.name}: {tasks}"
