"""A scanner in memory, for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.scanning.ports import ImagePlace, ScanResult
from dce_portal.errors import Unavailable


@dataclass
class FakeScanner:
    """Finds the same in every image, unless it is told of a problem."""

    result: ScanResult = field(default_factory=lambda: ScanResult(findings=(), scanner="fake"))
    problem: str = ""
    asked: list[str] = field(default_factory=list)

    def scan(self, image: ImagePlace, *, is_wanted: Callable[[], bool]) -> ScanResult:
        """Note the image."""
        self.asked.append(f"{image.repository}@{image.digest}")
        if self.problem:
            raise Unavailable(self.problem)
        return self.result
