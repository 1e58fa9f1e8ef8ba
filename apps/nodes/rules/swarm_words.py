"""A Swarm's majority in a sentence; what the engine's disk holds in rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.nodes.models import EngineDiskUsage
from apps.nodes.ports.cluster_facts import Quorum
from apps.nodes.ports.upkeep import DiskShare, DiskUsage


def quorum_line(quorum: Quorum, *, is_lost: bool = False) -> str:
    """How many managers there are, how many are needed, and how many more may fail."""
    counts = {"total": quorum.total, "reachable": quorum.reachable, "needed": quorum.needed}
    if is_lost or quorum.is_lost:
        return (
            _(
                "The Swarm has %(total)s managers and needs %(needed)s that reach each other; it has fewer."
            )
            % counts
        )
    line = (
        _("%(reachable)s of %(total)s managers reach each other; %(needed)s are needed.") % counts
    )
    return f"{line} {_tolerance(quorum)}"


def _tolerance(quorum: Quorum) -> str:
    if quorum.tolerated:
        return ngettext("One more may fail.", "%(count)s more may fail.", quorum.tolerated) % {
            "count": quorum.tolerated
        }
    if quorum.total == 1:
        return _(
            "When it fails, nothing can be changed until it is back; three managers bear one failure."
        )
    return _("None may fail: the next failure stops all changes.")


@dataclass(frozen=True, slots=True)
class MeasuredDisk:
    """A measurement as a page shows it."""

    measured_at: datetime
    shares: tuple[tuple[str, DiskShare], ...]


def measured_disk(measured: EngineDiskUsage | None) -> MeasuredDisk | None:
    """The rows of the table; None where nobody has asked yet."""
    if measured is None:
        return None
    usage = DiskUsage.from_columns(measured.usage)
    shares = (
        (_("Images"), usage.images),
        (_("Dangling images"), usage.dangling_images),
        (_("Containers"), usage.containers),
        (_("Volumes"), usage.volumes),
        (_("Build cache"), usage.build_cache),
    )
    return MeasuredDisk(measured.measured_at, shares)
