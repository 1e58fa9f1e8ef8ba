"""Which tags of one repository are kept, and why: pure, from what is handed in.

A tag goes when at least one rule speaks of it and nothing keeps it. What no rule speaks of stays.
Tags that are only the names of signatures and the like (`sha256-….sig`: how clients attach them
where a registry lists no referrers) stay and go with what they are about, and count as no tag.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.policies.rules.deciding import IMMUTABLE, TagRuleFact
from apps.policies.rules.patterns import matches

ABOUT = re.compile(r"(sha256)-([0-9a-f]{64})(?:\.[a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRule:
    """One retention rule, as far as it concerns this repository."""

    tags: str = "*"
    keep_matching: str = ""
    keep_last: int | None = None
    younger_than_days: int | None = None
    pulled_within_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFact:
    """One tag of the repository."""

    key: int
    name: str
    digest: str
    pushed_at: datetime
    pulled_at: datetime | None = None
    platforms: frozenset[str] = frozenset()
    """The digests that an index has in it."""

    @property
    def subject(self) -> str:
        """The digest that this tag is about; empty for a tag of an image."""
        match = ABOUT.fullmatch(self.name)
        return f"{match[1]}:{match[2]}" if match else ""

    @property
    def digests(self) -> frozenset[str]:
        """All that goes when this goes."""
        return self.platforms | {self.digest}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a tag is kept: a word and what belongs to it; pages put it into a sentence."""

    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A tag with the reasons that keep it; none means that it goes."""

    tag: TagFact
    reasons: tuple[Reason, ...]

    @property
    def is_kept(self) -> bool:
        """Whether anything keeps it."""
        return bool(self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What keeps tags whatever the rules say."""

    tag_rules: tuple[TagRuleFact, ...] = ()
    used_tags: Collection[str] = ()
    used_digests: Collection[str] = ()
    untagged: Collection[str] = ()
    """Digests that are there without a tag."""


def judge(
    tags: Iterable[TagFact],
    *,
    rules: Sequence[KeepRule],
    around: Surroundings,
    now: datetime,
) -> tuple[Verdict, ...]:
    """A verdict on each tag, the youngest first."""
    ordered = sorted(tags, key=lambda tag: (tag.pushed_at, tag.name), reverse=True)
    images = [tag for tag in ordered if not tag.subject]
    ranked = [(rule, _last_of(rule, images)) for rule in rules]
    reasons = {tag.name: _reasons(tag, ranked, around, now) for tag in images}
    kept = set(around.untagged).union(*(tag.digests for tag in images if reasons[tag.name]))
    going = frozenset().union(*(tag.digests for tag in images)) - kept
    for tag in ordered:
        if tag.subject in kept:
            reasons[tag.name] = (*_always(tag, around), Reason("about", tag.subject))
        elif tag.subject in going:
            reasons[tag.name] = _always(tag, around)
        elif tag.subject:
            reasons[tag.name] = _reasons(tag, ranked, around, now)
    return tuple(Verdict(tag, reasons[tag.name]) for tag in ordered)


def _last_of(rule: KeepRule, ordered: Sequence[TagFact]) -> Mapping[str, int]:
    """The place of each of the last tags, counted from one."""
    spoken_of = [tag.name for tag in ordered if matches(rule.tags, tag.name)]
    return {name: place for place, name in enumerate(spoken_of[: rule.keep_last or 0], start=1)}


def _reasons(
    tag: TagFact,
    rules: Sequence[tuple[KeepRule, Mapping[str, int]]],
    around: Surroundings,
    now: datetime,
) -> tuple[Reason, ...]:
    always = _always(tag, around)
    speaking = [(rule, last) for rule, last in rules if matches(rule.tags, tag.name)]
    if not speaking:
        return (*always, Reason("no_rule"))
    found = [reason for rule, last in speaking for reason in _by_rule(tag, rule, last, now)]
    return (*always, *dict.fromkeys(found))


def _always(tag: TagFact, around: Surroundings) -> tuple[Reason, ...]:
    reasons = []
    if tag.name in around.used_tags or tag.digest in around.used_digests:
        reasons.append(Reason("in_use"))
    for rule in around.tag_rules:
        if matches(rule.tags, tag.name):
            if rule.kind == IMMUTABLE:
                reasons.append(Reason("immutable"))
            elif rule.who_deletes == "nobody":
                reasons.append(Reason("protected"))
    return tuple(dict.fromkeys(reasons))


def _by_rule(
    tag: TagFact, rule: KeepRule, last: Mapping[str, int], now: datetime
) -> Iterable[Reason]:
    if tag.name in last:
        yield Reason("last", str(rule.keep_last))
    if matches(rule.keep_matching, tag.name):
        yield Reason("matching", rule.keep_matching)
    if _within(tag.pushed_at, rule.younger_than_days, now):
        yield Reason("young", str(rule.younger_than_days))
    if _within(tag.pulled_at, rule.pulled_within_days, now):
        yield Reason("pulled", str(rule.pulled_within_days))


def _within(moment: datetime | None, days: int | None, now: datetime) -> bool:
    return moment is not None and days is not None and moment > now - timedelta(days=days)
