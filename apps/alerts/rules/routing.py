"""Which routes an alert takes, and which silences hold it back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What routes and silences ask of an alert."""

    severity: str
    rule: int | None = None
    cluster: int | None = None
    object_kind: str = ""
    object_label: str = ""
    stack: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    teams: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a route asks for; what is empty fits all."""

    severities: frozenset[str] = frozenset()
    rules: frozenset[int] = frozenset()
    clusters: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    stacks: tuple[str, ...] = ()

    def takes(self, subject: Subject) -> bool:
        """Whether every wish is met."""
        one_of = (
            (self.severities, subject.severity),
            (self.rules, subject.rule),
            (self.clusters, subject.cluster),
        )
        return (
            all(not wished or value in wished for wished, value in one_of)
            and (not self.teams or bool(self.teams & subject.teams))
            and (not self.stacks or any(is_named(subject.stack, one) for one in self.stacks))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What a silence asks for; what is empty fits all."""

    rule: int | None = None
    cluster: int | None = None
    object_kind: str = ""
    object_label: str = ""
    label: str = ""

    def fits(self, subject: Subject) -> bool:
        """Whether every matcher that is set fits."""
        same = (
            (self.rule, subject.rule),
            (self.cluster, subject.cluster),
            (self.object_kind or None, subject.object_kind),
        )
        return (
            all(wished is None or wished == value for wished, value in same)
            and (not self.object_label or is_named(subject.object_label, self.object_label))
            and (not self.label or self._has_label(subject.labels))
        )

    def _has_label(self, labels: Mapping[str, str]) -> bool:
        key, equals, value = self.label.partition("=")
        return key in labels and (not equals or labels[key] == value)


def is_named(name: str, pattern: str) -> bool:
    """Whether a name is the pattern, or fits it where that holds a star."""
    return fnmatchcase(name, pattern.replace("[", "[[]")) if "*" in pattern else name == pattern


def stack_patterns(text: str) -> tuple[str, ...]:
    """The names between commas."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)
