"""What cannot be meant of a rule, in a sentence for each field. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.alerts.rules import catalogue

WINDOWS_S = (0, 60, 300, 600, 900, 1800, 3600, 6 * 3600, 24 * 3600)
NEEDS_SELECTOR = ("name", "label", "stack", "object")
OWN_KINDS = {"absence": ("node", "service", "container", "stack", "volume")}

Problem = tuple[str, str | Promise]


class Rule(Protocol):
    """What is looked at here."""

    condition: str
    metric: str
    object_kind: str
    selection: str
    selector: str
    cluster_id: int | None
    against: str
    value: float
    clear_value: float | None
    window_s: int

    @property
    def is_above(self) -> bool:
        """Which side of the value is trouble."""
        ...


def problems(
    rule: Rule, *, measures: Collection[str], kinds: Collection[str]
) -> Mapping[str, str | Promise]:
    """The first problem of each field; `measures` and `kinds` are what usage is kept of."""
    found: dict[str, str | Promise] = {}
    checks = (
        _event(rule) if rule.condition == "event" else _metric(rule, measures, kinds),
        _selection(rule),
        _numbers(rule),
    )
    for check in checks:
        for field, sentence in check:
            found.setdefault(field, sentence)
    return found


def _event(rule: Rule) -> Iterator[Problem]:
    fact = catalogue.FACTS.get(rule.metric)
    if fact is None:
        yield "metric", _("Choose one of the facts.")
    elif rule.object_kind not in fact.kinds:
        yield "object_kind", _("This fact is not known of such objects.")
    if rule.against != "absolute":
        yield "against", _("A fact is compared with a value, not with a share.")


def _metric(rule: Rule, measures: Collection[str], kinds: Collection[str]) -> Iterator[Problem]:
    if rule.condition != "absence" and rule.metric not in measures:
        yield "metric", _("Choose one of the metrics.")
    known = (*kinds, "registry") if rule.condition == "time_to_full" else kinds
    if rule.object_kind not in known:
        yield "object_kind", _("There is no usage of such objects.")
    yield from _share(rule)


def _share(rule: Rule) -> Iterator[Problem]:
    if rule.against == "absolute":
        return
    if rule.condition in {"rate", "absence", "time_to_full"}:
        yield "against", _("This is compared with a value, not with a share.")
    elif rule.against not in catalogue.SHARED.get(rule.metric, ()):
        yield "against", _("Nothing has a limit or capacity for this metric.")
    elif rule.against == "reservation" and rule.object_kind not in {"container", "service"}:
        yield "against", _("Only services and their containers have reservations.")


def _selection(rule: Rule) -> Iterator[Problem]:
    if rule.selection in NEEDS_SELECTOR and not rule.selector.strip():
        yield "selector", _("Say which: a pattern such as web-*, a label, a stack or a number.")
    if rule.selection == "cluster" and rule.cluster_id is None:
        yield "cluster", _("Choose the cluster.")
    if rule.selection == "object" and not rule.selector.strip().isdigit():
        yield "selector", _("Give the object's number, as in the address of its page.")
    if rule.selection == "label" and rule.object_kind not in {"node", "service", "container"}:
        yield "selection", _("Only nodes, services and containers have labels.")
    if rule.selection == "stack" and rule.object_kind not in {"service", "container"}:
        yield "selection", _("Only services and containers belong to stacks.")


def _numbers(rule: Rule) -> Iterator[Problem]:
    if rule.window_s not in WINDOWS_S:
        yield "window_s", _("Choose one of the offered spans.")
    if rule.condition == "rate" and rule.window_s < 300:
        yield "window_s", _("Growth needs at least five minutes to be seen.")
    edge = rule.clear_value
    if edge is None:
        return
    if edge > rule.value if rule.is_above else edge < rule.value:
        yield "clear_value", _("It must lie on the calm side of the value.")
