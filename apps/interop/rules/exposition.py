"""Writes families as Prometheus' text (0.0.4) and as OpenMetrics (1.0.0); pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, isnan

from apps.interop.rules.families import Family, Histogram

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SPECIAL = {inf: "+Inf", -inf: "-Inf"}


def wants_openmetrics(accept: str) -> bool:
    """Whether the client asks for OpenMetrics at least as much as for plain text."""
    weights = {"application/openmetrics-text": 0.0, "text/plain": 0.0}
    for part in accept.split(","):
        name, _semicolon, rest = part.strip().partition(";")
        if name.strip().lower() in weights:
            weights[name.strip().lower()] = _weight(rest)
    openmetrics, text = weights.values()
    return openmetrics > 0 and openmetrics >= text


def _weight(parameters: str) -> float:
    found = [one.strip()[2:] for one in parameters.split(";") if one.strip().startswith("q=")]
    try:
        return float(found[0]) if found else 1.0
    except ValueError:
        return 0.0


def render(families: Iterable[Family], *, is_openmetrics: bool) -> bytes:
    """The whole body; families without points are left out."""
    lines = [line for one in families if one.points for line in _lines(one, is_openmetrics)]
    if is_openmetrics:
        lines.append("# EOF\n")
    return "".join(lines).encode()


def _lines(family: Family, is_openmetrics: bool) -> Iterator[str]:  # noqa: FBT001 - named by its caller
    sample = f"{family.name}_total" if family.kind == "counter" else family.name
    head = family.name if is_openmetrics else sample
    yield f"# HELP {head} {family.help}\n# TYPE {head} {family.kind}\n"
    for (ending, labels), value in family.points:
        text = f"{{{labels}}}" if labels else ""
        yield f"{sample}{ending}{text} {number(value)}\n"


def number(value: float) -> str:
    """A value as both forms read it; whole numbers without a fraction."""
    if isnan(value):
        return "NaN"
    if value in SPECIAL:
        return SPECIAL[value]
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def add_histogram(family: Family, histogram: Histogram, labels: str) -> None:
    """The points of a histogram: buckets that add up, the sum and the count."""
    comma = "," if labels else ""
    total = 0
    for bound, count in zip((*histogram.bounds, inf), histogram.counts, strict=True):
        total += count
        upper = "+Inf" if bound == inf else repr(float(bound))
        family.add(total, f'{labels}{comma}le="{upper}"', ending="_bucket")
    family.add(histogram.sum, labels, ending="_sum")
    family.add(total, labels, ending="_count")
