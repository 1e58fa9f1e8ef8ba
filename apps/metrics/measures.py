"""What is measured of an object, and in which unit: one list for tables, roll-up, API and charts."""

from __future__ import annotations

from dataclasses import dataclass, fields

UNITS = {
    "cpu_cores": "cores",
    "memory_bytes": "bytes",
    "network_rx_bps": "bytes/s",
    "network_tx_bps": "bytes/s",
    "block_read_bps": "bytes/s",
    "block_write_bps": "bytes/s",
    "pids": "processes",
    "load_1m": "processes",
    "swap_used_bytes": "bytes",
    "disk_used_bytes": "bytes",
    "disk_total_bytes": "bytes",
}
MEASURES = tuple(UNITS)
# No machine has more: what a counter beyond 64 bits or a broken one yields is no figure.
MOST_BYTES, MOST_OTHERS = 2.0**62, 2.0**32
MOST = tuple(MOST_BYTES if "bytes" in unit else MOST_OTHERS for unit in UNITS.values())
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One object's usage at one moment; None where it could not be told, which a chart shows as a gap."""

    cpu_cores: float | None = None
    memory_bytes: float | None = None
    network_rx_bps: float | None = None
    network_tx_bps: float | None = None
    block_read_bps: float | None = None
    block_write_bps: float | None = None
    pids: float | None = None
    load_1m: float | None = None
    swap_used_bytes: float | None = None
    disk_used_bytes: float | None = None
    disk_total_bytes: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Every measure by name, as the tables have them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def as_tuple(self) -> Values:
        """Every measure in the order of MEASURES."""
        return tuple(getattr(self, name) for name in MEASURES)

    def known(self) -> dict[str, float]:
        """Only what could be told, rounded to what a live frame needs."""
        return {
            name: round(value, 4) for name, value in self.as_dict().items() if value is not None
        }


# An engine on which nothing runs uses nothing of what containers are measured by: that is known.
IDLE = Figures(
    cpu_cores=0.0,
    memory_bytes=0.0,
    network_rx_bps=0.0,
    network_tx_bps=0.0,
    block_read_bps=0.0,
    block_write_bps=0.0,
    pids=0.0,
)


def total(parts: list[Figures]) -> Figures:
    """The sum of several objects; a measure that none of them has stays unknown."""
    columns = {name: [getattr(part, name) for part in parts] for name in MEASURES}
    known = {name: [v for v in values if v is not None] for name, values in columns.items()}
    return Figures(**{name: sum(values) if values else None for name, values in known.items()})


def believable(figures: Figures) -> Figures:
    """The same without values that no machine can have."""
    return Figures(**dict(zip(MEASURES, believable_values(figures.as_tuple()), strict=True)))


def believable_values(values: Values) -> Values:
    """The same without what is negative, infinite, not a number or beyond any machine."""
    return tuple(
        value if value is not None and 0 <= value <= most else None
        for value, most in zip(values, MOST, strict=True)
    )
