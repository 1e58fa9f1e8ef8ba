"""Whether an image may be pulled; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.scanning.rules.findings import rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a namespace wants; an empty `block_from` blocks nothing that was found."""

    block_from: str = ""
    only_fixable: bool = False
    block_unscanned: bool = False
    excepted: frozenset[str] = frozenset()

    @property
    def blocks_anything(self) -> bool:
        """Whether pulls need be looked at at all."""
        return bool(self.block_from) or self.block_unscanned


def exceptions_in(text: str) -> frozenset[str]:
    """The names in a text of one name a line; what follows a name is its reason."""
    return frozenset(line.split()[0].upper() for line in text.splitlines() if line.split())


def blocking(findings: Iterable[Mapping[str, str]], limits: Limits) -> list[str]:
    """The vulnerabilities that keep the image from being pulled, each once, in their order."""
    if not limits.block_from:
        return []
    worst = rank(limits.block_from)
    names = (
        one["id"]
        for one in findings
        if rank(one["severity"]) <= worst
        and (one.get("fixed") or not limits.only_fixable)
        and one["id"].upper() not in limits.excepted
    )
    return list(dict.fromkeys(names))
