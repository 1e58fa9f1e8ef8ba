"""Which objects a rule has chosen: by cluster, name, label, stack, or just one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.db.models import Model

from apps.alerts.models import AlertRule
from apps.nodes.models import Node
from apps.workloads.models import Container, Service

Selection = AlertRule.Selection
LABELLED: dict[str, type[Model]] = {"node": Node, "service": Service, "container": Container}
STACKED = ("service", "container")
BY_TRAIT = (Selection.LABEL, Selection.STACK)


@dataclass(frozen=True, slots=True)
class Trait:
    """What an object carries that a rule may choose it by."""

    labels: Mapping[str, str]
    stack: str


Traits = Mapping[int, Trait]
BARE = Trait({}, "")


def traits_of(kind: str, rules: Iterable[AlertRule], rows: Iterable[Mapping[str, Any]]) -> Traits:
    """Labels and stacks of these rows, in one query, where a rule chooses by them."""
    if kind not in LABELLED or not any(rule.selection in BY_TRAIT for rule in rules):
        return {}
    columns = ("pk", "labels", "stack") if kind in STACKED else ("pk", "labels")
    found = LABELLED[kind]._default_manager.filter(pk__in=[row["ref"] for row in rows])
    return {
        row["pk"]: Trait(row["labels"] or {}, row.get("stack", ""))
        for row in found.values(*columns)
    }


def chosen(
    rule: AlertRule, rows: Iterable[Mapping[str, Any]], traits: Traits
) -> list[Mapping[str, Any]]:
    """The rows that the rule watches."""
    inside = [row for row in rows if rule.cluster_id in {None, row["cluster_ref"]}]
    matches = _MATCHES.get(rule.selection)
    if matches is None:
        return inside
    wanted = rule.selector.strip()
    return [row for row in inside if matches(row, traits.get(row["ref"], BARE), wanted)]


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """`zone` is any value of it, `zone=a` just this one."""
    name, separator, value = wanted.partition("=")
    return name in labels and (not separator or str(labels[name]) == value)


_MATCHES: Mapping[str, Callable[[Mapping[str, Any], Trait, str], bool]] = {
    Selection.NAME: lambda row, _trait, wanted: fnmatchcase(row["label"], wanted),
    Selection.OBJECT: lambda row, _trait, wanted: str(row["ref"]) == wanted,
    Selection.LABEL: lambda _row, trait, wanted: has_label(trait.labels, wanted),
    Selection.STACK: lambda _row, trait, wanted: bool(wanted) and trait.stack == wanted,
}
