"""How many managers a Swarm needs to decide anything, and what a change of their number does; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

REACHABLE = "reachable"


class Member(Protocol):
    """What a node's row and a manager's answer have in common."""

    @property
    def role(self) -> str:
        """`manager` or `worker`."""
        ...

    @property
    def reachability(self) -> str:
        """`reachable` or another word for a manager, empty for a worker."""
        ...


@dataclass(frozen=True, slots=True)
class Quorum:
    """A Swarm's managers, and how many of them reach each other."""

    managers: int
    reachable: int

    @property
    def needed(self) -> int:
        """More than half of them must agree on every change."""
        return self.managers // 2 + 1

    @property
    def tolerated(self) -> int:
        """How many of them may fail in all before nothing can be changed any more."""
        return max(0, (self.managers - 1) // 2)

    @property
    def holds(self) -> bool:
        """Whether the Swarm can decide now."""
        return 0 < self.needed <= self.reachable

    @property
    def is_even(self) -> bool:
        """An even number tolerates no more failures than the odd one below it."""
        return self.managers % 2 == 0

    def with_one_more(self) -> Quorum:
        """After a worker was promoted."""
        return Quorum(self.managers + 1, self.reachable + 1)

    def without(self, *, is_reachable: bool) -> Quorum:
        """After a manager was demoted."""
        return Quorum(self.managers - 1, self.reachable - int(is_reachable))


def quorum_of(nodes: Iterable[Member]) -> Quorum:
    """Count the managers."""
    managers = [node for node in nodes if node.role == "manager"]
    reachable = sum(node.reachability == REACHABLE for node in managers)
    return Quorum(len(managers), reachable)


def why_not_demote(now: Quorum, *, is_reachable: bool) -> str:
    """The sentence that forbids it, or nothing."""
    after = now.without(is_reachable=is_reachable)
    if after.managers < 1:
        return _(
            "This is the last manager. Without one the Swarm cannot be managed any more, so it stays"
            " a manager. Promote another node first."
        )
    if not now.holds:
        return _(
            "Only %(reachable)s of %(managers)s managers are reachable, and the Swarm needs"
            " %(needed)s of them to change anything. Bring a manager back first."
        ) % _numbers(now)
    if not after.holds:
        return _(
            "Afterwards %(reachable)s of %(managers)s managers would be reachable, and the Swarm"
            " would need %(needed)s of them to decide anything: it would lose its quorum. Bring the"
            " managers back that do not answer, or promote another node first."
        ) % _numbers(after)
    return ""


def why_not_promote(now: Quorum, *, state: str) -> str:
    """The sentence that forbids it, or nothing; a manager that never answers would only raise the quorum."""
    if state != "ready":
        return _(
            "This node is not ready. As a manager that does not answer it would only raise the"
            " number of managers that must agree. Bring it back first."
        )
    if not now.holds:
        return _(
            "Only %(reachable)s of %(managers)s managers are reachable, and the Swarm needs"
            " %(needed)s of them to change anything. Bring a manager back first."
        ) % _numbers(now)
    return ""


def explained(now: Quorum, after: Quorum) -> tuple[str, ...]:
    """Managers and tolerated failures, before and after."""
    return (
        _(
            "Managers: %(now)s now, %(after)s afterwards; %(needed)s of those must reach each other"
            " for the Swarm to decide anything."
        )
        % {"now": now.managers, "after": after.managers, "needed": after.needed},
        _("Now %(now)s; afterwards %(after)s.")
        % {"now": _tolerates(now), "after": _tolerates(after)},
    )


def warned(after: Quorum) -> tuple[str, ...]:
    """What is allowed and yet unwise."""
    warnings = []
    if after.is_even:
        warnings.append(
            _(
                "%(managers)s is an even number of managers. It tolerates no more failures than"
                " %(fewer)s would, and one more manager can fail. Three, five or seven are usual."
            )
            % {"managers": after.managers, "fewer": after.managers - 1}
        )
    if after.managers == 1:
        warnings.append(
            _("With one manager alone, nothing can be changed in the Swarm while it is away.")
        )
    return tuple(warnings)


def _tolerates(quorum: Quorum) -> str:
    return ngettext(
        "the Swarm goes on when %(n)s manager fails",
        "the Swarm goes on when %(n)s managers fail",
        quorum.tolerated,
    ) % {"n": quorum.tolerated}


def _numbers(quorum: Quorum) -> dict[str, int]:
    return {
        "managers": quorum.managers,
        "reachable": quorum.reachable,
        "needed": quorum.needed,
    }
