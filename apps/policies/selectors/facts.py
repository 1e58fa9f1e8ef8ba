"""What the guard and retention reckon from: the rules that concern one repository."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from apps.policies.models import ImageRule, Quota, RetentionRule, TagRule
from apps.policies.rules.deciding import ImageRuleFact, TagRuleFact, refused_tag
from apps.policies.rules.keeping import KeepRule
from apps.policies.rules.patterns import below_namespace, matches


def tag_rules_for(repository: str) -> tuple[TagRuleFact, ...]:
    """In one query."""
    return tuple(
        TagRuleFact(
            kind=rule.kind,
            tags=rule.tags,
            who_creates=rule.who_creates,
            who_overwrites=rule.who_overwrites,
            who_deletes=rule.who_deletes,
        )
        for rule in _concerning(TagRule.objects.all(), repository)
    )


def image_rules_for(repository: str) -> tuple[ImageRuleFact, ...]:
    """In one query."""
    return tuple(
        ImageRuleFact(platforms=rule.platforms, most_bytes=rule.most_bytes)
        for rule in _concerning(ImageRule.objects.all(), repository)
    )


def keep_rules_for(
    repository: str, rules: Iterable[RetentionRule]
) -> tuple[tuple[KeepRule, ...], int | None]:
    """The rules that speak of a repository, and after how many days what has no tag goes."""
    name = below_namespace(repository)
    mine = [rule for rule in rules if matches(rule.repositories, name)]
    days = [rule.untagged_days for rule in mine if rule.untagged_days is not None]
    keep = tuple(
        KeepRule(
            tags=rule.tags,
            keep_matching=rule.keep_matching,
            keep_last=rule.keep_last,
            younger_than_days=rule.younger_than_days,
            pulled_within_days=rule.pulled_within_days,
        )
        for rule in mine
    )
    return keep, max(days, default=None)


def quota_of(namespace: str) -> Quota | None:
    """The namespace's quota, where it has one."""
    return Quota.objects.select_related("namespace").filter(namespace__name=namespace).first()


def _concerning[Rule: (TagRule, ImageRule)](rules: QuerySet[Rule], repository: str) -> list[Rule]:
    namespace, name = repository.partition("/")[0], below_namespace(repository)
    here = Q(namespace=None) | Q(namespace__name=namespace)
    return [
        rule
        for rule in rules.filter(here, is_enabled=True).order_by("pk")
        if matches(rule.repositories, name)
    ]


def refused_to_writers(repository: str, tag: str, *, is_new: bool) -> str:
    """Why a tag rule lets nobody who only pushes make or move this tag; empty where it may be."""
    verb = "create" if is_new else "overwrite"
    return refused_tag(tag_rules_for(repository), tag=tag, role="writer", verb=verb) or ""
