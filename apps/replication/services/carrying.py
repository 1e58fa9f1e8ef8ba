"""Carries tags one after the other, says of each what became of it, and stops where a person asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from apps.replication.ports import LONGEST_RUN_S, CopierPort, CopyJob, Place
from apps.replication.services.plans import Item
from dce_portal.errors import PortalError
from dce_portal.models import Operation
from dce_portal.operations import OperationRun

NAMED_AT_MOST: Final = 20


def by_tag(item: Item) -> str:
    """The name of what is copied."""
    return f"{item.source}:{item.tag}"


@dataclass(frozen=True, slots=True)
class Way:
    """From where, to where, by what, whether a tag is there already, and as what it may be copied.

    `name_of` raises a sentence where it may not.
    """

    source: Place
    target: Place
    copier: CopierPort
    is_there: Callable[[Item], bool]
    name_of: Callable[[Item], str] = by_tag


@dataclass(slots=True)
class Tally:
    """What became of the tags."""

    copied: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: int = 0
    still_open: list[Item] = field(default_factory=list)


def carry(run: OperationRun, way: Way, items: Iterable[Item]) -> Tally:
    """Each tag; one that fails does not keep the others."""
    tally, until = Tally(), time.monotonic() + LONGEST_RUN_S
    ones = list(items)
    run.say(_("%(n)d tags are to be looked at.") % {"n": len(ones)})
    for number, item in enumerate(ones):
        run.stop_if_cancelled()
        if time.monotonic() > until:
            tally.still_open += ones[number:]
            break
        if not _carry_one(run, way, item, tally, until=until):
            tally.still_open.append(item)
        run.progress((number + 1) * 100 // len(ones))
    tally.left = len(tally.still_open) - len(tally.failed)
    if tally.left:
        run.say(_("Time is over; %(n)d tags are left for the next run.") % {"n": tally.left})
    _say_skipped(run, tally)
    return tally


def _carry_one(run: OperationRun, way: Way, item: Item, tally: Tally, *, until: float) -> bool:
    """Whether it is there now."""
    name = f"{item.target}:{item.tag}"
    try:
        if way.is_there(item):
            tally.skipped.append(name)
            return True
        job = CopyJob(way.source, way.name_of(item), way.target, name)
        way.copier.copy(job, is_wanted=lambda: _is_wanted(run, until))
    except PortalError as error:
        run.stop_if_cancelled()
        run.say(f"✗ {name}: {error.message}")
        # What the end of the run broke off has not failed: it is left.
        if time.monotonic() <= until:
            tally.failed.append(name)
        return False
    tally.copied.append(name)
    run.say(_("✓ %(name)s: copied") % {"name": name})
    return True


def _is_wanted(run: OperationRun, until: float) -> bool:
    cancelled = Operation.objects.filter(pk=run.operation.pk, cancel_requested=True)
    return time.monotonic() <= until and not cancelled.exists()


def _say_skipped(run: OperationRun, tally: Tally) -> None:
    """Those that are there need no line each, but their names are told."""
    for begin in range(0, len(tally.skipped), NAMED_AT_MOST):
        names = ", ".join(tally.skipped[begin : begin + NAMED_AT_MOST])
        run.say(_("Already there: %(names)s") % {"names": names})
