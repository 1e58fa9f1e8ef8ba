"""What retention would do to a namespace's repositories now, tag by tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.policies.models import RetentionRule, TagVerdict
from apps.policies.rules.keeping import KeepRule, Reason, Surroundings, TagFact, Verdict, judge
from apps.policies.rules.references import Uses
from apps.policies.rules.words import because
from apps.policies.selectors.facts import keep_rules_for, tag_rules_for
from apps.policies.selectors.uses import all_uses
from apps.registry.models import Manifest, Namespace, Repository, Tag


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """One repository's verdicts, and after how many days what has no tag goes (None keeps it)."""

    repository: Repository
    verdicts: tuple[Verdict, ...]
    untagged_days: int | None
    used_digests: frozenset[str]

    @property
    def going(self) -> tuple[Verdict, ...]:
        """The tags that nothing keeps."""
        return tuple(verdict for verdict in self.verdicts if not verdict.is_kept)


def plans_for(namespace: Namespace, *, now: datetime) -> Iterator[RepositoryPlan]:
    """A plan for each repository of which a rule speaks."""
    rules = list(RetentionRule.objects.filter(namespace=namespace, is_enabled=True))
    if not rules:
        return
    uses = all_uses()
    rows = Repository.objects.filter(namespace=namespace, missing_since=None).order_by("name")
    for repository in rows:
        keep, days = keep_rules_for(repository.name, rules)
        if keep:
            yield _plan(repository, keep, days, uses, now)


def _plan(
    repository: Repository, rules: Sequence[KeepRule], days: int | None, uses: Uses, now: datetime
) -> RepositoryPlan:
    digests = frozenset(uses.digests.get(repository.name, ()))
    around = Surroundings(
        tag_rules=tag_rules_for(repository.name),
        used_tags=frozenset(uses.tags.get(repository.name, ())),
        used_digests=digests,
        untagged=untagged_digests(repository),
    )
    verdicts = judge(tag_facts(repository), rules=rules, around=around, now=now)
    return RepositoryPlan(repository, verdicts, days, digests)


def untagged_digests(repository: Repository) -> frozenset[str]:
    """The manifests that stand by themselves: with neither a tag nor an index above them."""
    alone = Manifest.objects.filter(repository=repository, missing_since=None, parents=None)
    tagged = Tag.objects.filter(repository=repository, missing_since=None)
    return frozenset(alone.exclude(tags__in=tagged).values_list("digest", flat=True))


def tag_facts(repository: Repository) -> list[TagFact]:
    """The repository's tags that the registry lists, in two queries."""
    platforms = _platforms(repository)
    rows = Tag.objects.filter(repository=repository, missing_since=None).values_list(
        "pk", "name", "manifest__digest", "pushed_at", "manifest__last_pulled_at"
    )
    return [
        TagFact(
            key=key,
            name=name,
            digest=digest,
            pushed_at=pushed,
            pulled_at=pulled,
            platforms=frozenset(platforms.get(digest, ())),
        )
        for key, name, digest, pushed, pulled in rows
    ]


def _platforms(repository: Repository) -> dict[str, list[str]]:
    pairs = Manifest.children.through.objects.filter(from_manifest__repository=repository)
    found: dict[str, list[str]] = {}
    for index, child in pairs.values_list("from_manifest__digest", "to_manifest__digest"):
        found.setdefault(index, []).append(child)
    return found


def preview_of(namespace: Namespace, *, now: datetime, most: int) -> dict[str, Any]:
    """Counts and, up to `most` each, the tags that would go and those that stay, with the reason."""
    going: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    counts = {"going": 0, "kept": 0, "repositories": 0}
    for plan in plans_for(namespace, now=now):
        counts["repositories"] += 1
        for verdict in plan.verdicts:
            rows, name = (kept, "kept") if verdict.is_kept else (going, "going")
            counts[name] += 1
            if len(rows) < most:
                rows.append(_line(plan.repository, verdict))
    return {"counts": counts, "going": going, "kept": kept}


def _line(repository: Repository, verdict: Verdict) -> dict[str, Any]:
    return {
        "repository": repository.name,
        "tag": verdict.tag.name,
        "tag_id": verdict.tag.key,
        "digest": verdict.tag.digest,
        "pushed_at": verdict.tag.pushed_at,
        "because": because(verdict.reasons),
    }


def kept_because(tag_keys: Sequence[int]) -> dict[int, str]:
    """Why retention kept these tags when it last looked, by key; those that nothing keeps are left out."""
    rows = TagVerdict.objects.filter(pk__in=tag_keys, is_kept=True)
    return {
        row.pk: because(Reason(str(code), str(value)) for code, value in row.reasons)
        for row in rows
        if any(code != "no_rule" for code, _value in row.reasons)
    }
