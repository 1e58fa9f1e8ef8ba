"""The words that policies hang on tags wherever tags are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from apps.policies.models import TagRule
from apps.policies.rules.patterns import below_namespace, matches
from apps.policies.selectors.retention import kept_because
from apps.registry.extensions import TagMark
from apps.registry.models import Tag


def marks_of_policies(tags: Sequence[Tag]) -> Mapping[int, list[TagMark]]:
    """Immutable, protected, kept because …: two queries for all tags of a page."""
    kept = kept_because([tag.pk for tag in tags])
    rules = list(TagRule.objects.filter(is_enabled=True).select_related("namespace"))
    return {tag.pk: [*_by_rules(tag, rules), *_by_retention(kept.get(tag.pk, ""))] for tag in tags}


def _by_rules(tag: Tag, rules: Sequence[TagRule]) -> list[TagMark]:
    here = {rule.kind for rule in rules if _speaks_of(rule, tag)}
    if TagRule.Kind.IMMUTABLE in here:
        title = _("It cannot be overwritten or deleted.")
        return [TagMark(_("immutable"), title, "good")]
    if TagRule.Kind.PROTECTED in here:
        return [TagMark(_("protected"), _("Some roles alone may change it."), "busy")]
    return []


def _speaks_of(rule: TagRule, tag: Tag) -> bool:
    name = tag.repository.name
    in_namespace = rule.namespace is None or rule.namespace.name == name.partition("/")[0]
    return (
        in_namespace
        and matches(rule.repositories, below_namespace(name))
        and matches(rule.tags, tag.name)
    )


def _by_retention(why: str) -> list[TagMark]:
    return (
        [TagMark(_("kept"), _("Retention keeps it because %(why)s.") % {"why": why})] if why else []
    )
