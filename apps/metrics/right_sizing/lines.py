"""One service's row as the page draws it: two scales, each with what is used, reserved, limited and suggested."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from apps.metrics.right_sizing import rules
from apps.metrics.right_sizing.models import ServiceSizing
from apps.metrics.right_sizing.rules import Promise

TONES = {
    "tight": "bad",
    "wide": "late",
    "unset": "off",
    "fits": "good",
    "young": "busy",
    "unknown": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Use against promises for one resource."""

    name: str
    verdict: str
    p50: float | None
    p95: float | None
    highest: float | None
    reservation: float
    limit: float
    suggested_reservation: float | None
    suggested_limit: float | None
    saving: float

    @property
    def tone(self) -> str:
        """The tone of its verdict."""
        return TONES[self.verdict]

    @property
    def whole(self) -> float:
        """Where the scale ends: a little above the greatest of the figures."""
        figures = (self.highest, self.reservation, self.limit, self.suggested_limit)
        return 1.06 * max(figure or 0.0 for figure in figures)

    def part(self, value: float | None) -> float:
        """Where a figure lies on the scale."""
        return (value or 0.0) / self.whole if self.whole else 0.0

    @property
    def places(self) -> str:
        """Every figure's place, as the style sheet reads it."""
        names = ("p50", "p95", "highest", "reservation", "limit", "suggested_reservation")
        return "; ".join(
            f"--{name.replace('_', '-')}: {self.part(getattr(self, name)):.4f}" for name in names
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its scales, its verdict's tone, and the command that follows the suggestion."""

    row: ServiceSizing
    scales: tuple[Scale, Scale]

    @property
    def tone(self) -> str:
        """The tone of the service's verdict."""
        return TONES[self.row.verdict]

    @property
    def is_throttled(self) -> bool:
        """Whether its tasks are held back for a part of the time that matters."""
        return (self.row.cpu_throttled_share or 0.0) >= rules.THROTTLED_FROM

    @property
    def has_moved(self) -> bool:
        """Whether the service was updated since this was reckoned."""
        return bool(self.row.service.updated_at > self.row.reckoned_at)

    @property
    def command(self) -> str:
        """Nothing where all fits, or too little is known."""
        cpu, memory = (_promise(scale) for scale in self.scales)
        return rules.command(quote(self.row.service.name), cpu=cpu, memory=memory)


def line_of(row: ServiceSizing) -> Line:
    """The row's line."""
    return Line(row, (scale_of(row, "cpu"), scale_of(row, "memory")))


def scale_of(row: ServiceSizing, name: str) -> Scale:
    """The columns of one resource."""
    columns = [field for field in Scale.__dataclass_fields__ if field != "name"]
    return Scale(name=name, **{column: getattr(row, f"{name}_{column}") for column in columns})


def _promise(scale: Scale) -> Promise | None:
    """What to change; None where it fits."""
    if scale.verdict == "fits" or scale.suggested_reservation is None:
        return None
    limit = scale.suggested_limit or scale.suggested_reservation
    return Promise(reservation=scale.suggested_reservation, limit=limit)
