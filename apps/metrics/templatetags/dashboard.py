"""How the dashboard draws tiles, small lines and rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.safestring import SafeString

from apps.metrics.dashboard import heat
from apps.metrics.dashboard.nodes import NodeFact
from apps.metrics.dashboard.wish import HEATS
from apps.metrics.right_sizing.lines import Scale
from dce_portal.templatetags.portal import NOTHING, bytes_human, page

register = template.Library()


@register.simple_tag
def heat_map(facts: Sequence[NodeFact], by: str) -> SafeString:
    """The tiles of all nodes."""
    return heat.heat_map(facts, by=HEATS.index(by))


@register.simple_tag
def spark(lines: dict[str, Any], measure: str, top: float | None) -> SafeString:
    """One measure's line of the last hour; nothing where nothing came."""
    return heat.sparkline(lines.get(measure, ()), top=top)


@register.filter
def changelist(model: str) -> str:
    """The address of a model's list, to be narrowed by a query."""
    return page(model)


@register.filter
def heat_size(facts: Sequence[NodeFact]) -> str:
    """The size of the tiles, as the style sheet calls it."""
    return heat.size_of(len(facts))


@register.filter
def share_percent(share: float | None) -> str:
    """A share as whole percent."""
    return NOTHING if share is None else f"{round(100 * share)} %"


@register.filter
def rate_human(bytes_per_s: float | None) -> str:
    """Bytes a second in the unit that fits."""
    return NOTHING if bytes_per_s is None else f"{bytes_human(bytes_per_s)}/s"


@register.filter
def figure(scale: Scale, value: float | None) -> str:
    """A figure of a scale without a sign, words beside it say which way it goes; CPU's unit heads its line."""
    if value is None:
        return NOTHING
    if scale.name == "memory":
        return bytes_human(abs(value))
    return number_format(round(abs(value), 2), decimal_pos=2)


@register.filter
def positive(value: float | None) -> float | None:
    """The same without its sign."""
    return None if value is None else abs(value)


@register.filter
def hours(days: float) -> str:
    """Days as whole hours."""
    return str(int(days * 24))
