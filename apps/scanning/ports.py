"""What the app asks of the outside: that a scanner look into one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dce_portal.secret import Secret


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """An image as a scanner reaches it."""

    host: str
    repository: str
    digest: str
    username: str
    password: Secret

    @property
    def name(self) -> str:
        """As docker writes it."""
        return f"{self.host}/{self.repository}@{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One vulnerability of one package."""

    id: str
    severity: str
    package: str
    installed: str
    fixed: str = ""
    title: str = ""
    url: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What was found, the worst first, and what the image is made of."""

    findings: tuple[Finding, ...]
    system: str = ""
    scanner: str = ""
    sboms: Mapping[str, bytes] = field(default_factory=dict)


class ScannerPort(Protocol):
    """A scanner. Unavailable, in its own words, when it could not look."""

    def scan(self, image: ImagePlace, *, is_wanted: Callable[[], bool]) -> ScanResult:
        """Look into one image; asks `is_wanted` about every second, and ends with Unavailable after a no."""
        ...
