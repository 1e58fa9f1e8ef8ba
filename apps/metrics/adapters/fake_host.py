"""A machine for tests that says what it is told to say."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.metrics.ports import HostCounters


@dataclass(slots=True)
class FakeHost:
    """Answers the readings in turn, then repeats the last one; without any it knows nothing."""

    readings: list[HostCounters] = field(default_factory=list)

    def counters(self) -> HostCounters | None:
        """The next reading."""
        if not self.readings:
            return None
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
