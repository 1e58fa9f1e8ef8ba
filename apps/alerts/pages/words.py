"""Rules and what became of a try-out, in words for pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts.models import AlertRule
from apps.alerts.rules.catalogue import KIND_WORDS, unit_of
from apps.alerts.rules.sentences import Wording, condition_in_words, span_in_words, value_in_words
from apps.alerts.rules.trying import Tried
from apps.metrics.measures import UNITS


def unit_of_rule(rule: AlertRule) -> str:
    """In what its value is given."""
    return unit_of(rule.condition, rule.metric, against=rule.against, measures=UNITS)


def rule_in_words(rule: AlertRule) -> str:
    """When it is trouble."""
    return condition_in_words(
        Wording(
            condition=rule.condition,
            metric=rule.metric,
            unit=unit_of_rule(rule),
            is_above=rule.is_above,
            value=rule.value,
            window_s=rule.window_s,
            for_s=rule.for_s,
            against=rule.against,
        )
    )


def selection_in_words(rule: AlertRule) -> str:
    """Of which objects."""
    kind = str(KIND_WORDS.get(rule.object_kind, rule.object_kind))
    templates = {
        "name": _("every %(kind)s named %(what)s"),
        "label": _("every %(kind)s with the label %(what)s"),
        "stack": _("every %(kind)s of the stack %(what)s"),
        "object": _("the %(kind)s number %(what)s"),
    }
    names = {"kind": kind, "what": rule.selector.strip()}
    said = templates.get(rule.selection, _("every %(kind)s")) % names
    if rule.object_kind == "portal":
        said = kind
    return f"{said} · {rule.cluster.name}" if rule.cluster else said


def whole_in_words(rule: AlertRule) -> str:
    """Both as one sentence: every node: CPU is at or above 95 %."""
    names = {"what": selection_in_words(rule), "when": rule_in_words(rule)}
    return _("%(what)s: %(when)s") % names


def tried_in_words(rule: AlertRule, tried: Tried, *, most: int) -> dict[str, Any]:
    """The sentence, and the newest firings."""
    newest = sorted(tried.fired, key=lambda pair: -pair[1].fired_s)[:most]
    return {
        "sentence": tried.reason or _sentence(tried),
        "is_known": not tried.reason,
        "count": tried.count,
        "limits": _limits(tried),
        "more": tried.count - len(newest),
        "firings": [
            {
                "label": subject.label,
                "at": datetime.fromtimestamp(firing.fired_s, tz=UTC),
                "lasted": span_in_words((firing.cleared_s or tried.until_s) - firing.fired_s),
                "is_open": firing.cleared_s is None,
                "peak": value_in_words(firing.peak, unit_of_rule(rule)),
            }
            for subject, firing in newest
        ],
    }


def _sentence(tried: Tried) -> str:
    span = span_in_words(tried.until_s - tried.since_s)
    if not tried.count:
        return _("Would not have fired in the last %(span)s.") % {"span": span}
    text = ngettext(
        "Would have fired %(n)d time in the last %(span)s, for %(total)s in all.",
        "Would have fired %(n)d times in the last %(span)s, for %(total)s in all.",
        tried.count,
    )
    return text % {"n": tried.count, "span": span, "total": span_in_words(tried.total_s)}


def _limits(tried: Tried) -> str:
    if tried.looked_at >= tried.chosen:
        return ""
    text = _("Looked at the %(some)d of %(all)d objects with the most extreme figures.")
    return text % {"some": tried.looked_at, "all": tried.chosen}
