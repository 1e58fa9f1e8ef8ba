"""What a person types for a value or a span, and how it is shown to be typed again. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

BYTES = {"b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
BYTES |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
SPANS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_AMOUNT = re.compile(r"^(-?[0-9]+(?:[.,][0-9]+)?)\s*([^0-9\s/]*)(?:\s*/\s*[sh])?$")
LARGEST = 1e18


class NotAnAmount(ValueError):
    """The text is no number with a unit that fits; the message is a sentence."""


def amount_of(text: str, unit: str) -> float:
    """The number in the rule's own unit: `512 MiB` in bytes, `5 min` in seconds, `90 %` as 90."""
    number, word = _split(text)
    if unit.startswith("bytes"):
        return number * _factor(BYTES, word or "b", text)
    if unit in {"s", "h"}:
        return number * _factor(SPANS, word or unit, text) / SPANS[unit]
    return number


def span_of(text: str) -> int:
    """Seconds: `5 min`, `90 s`, `1 h`; a bare number is seconds."""
    number, word = _split(text)
    if number < 0:
        raise NotAnAmount(_("A span of time is not negative."))
    return round(number * _factor(SPANS, word or "s", text))


def _split(text: str) -> tuple[float, str]:
    match = _AMOUNT.match(text.strip())
    if match is None:
        raise NotAnAmount(_("Give a number, with a unit where it has one: 90, 512 MiB, 5 min."))
    number = float(match[1].replace(",", "."))
    if abs(number) > LARGEST:
        raise NotAnAmount(_("This number is too large."))
    return number, match[2].lower().rstrip("%")


def _factor(factors: dict[str, int], word: str, text: str) -> int:
    if word not in factors:
        message = _("“%(text)s” has a unit that does not fit here; these do: %(units)s.")
        raise NotAnAmount(message % {"text": text.strip(), "units": ", ".join(factors)})
    return factors[word]


def typed_amount(value: float | None, unit: str) -> str:
    """The number as a person would type it."""
    if value is None:
        return ""
    if unit.startswith("bytes"):
        return _largest(value, {"TiB": 2**40, "GiB": 2**30, "MiB": 2**20, "KiB": 2**10})
    if unit == "h":
        return _largest(value * 3600, {"d": 86400, "h": 3600, "min": 60})
    return typed_span(value) if unit == "s" else _plain(value)


def typed_span(seconds: float) -> str:
    """Likewise of a span."""
    return _largest(seconds, {"d": 86400, "h": 3600, "min": 60, "s": 1})


def _largest(value: float, units: dict[str, int]) -> str:
    """The largest unit in which it is a whole number, else the bare one."""
    for name, size in units.items():
        if value and value % size == 0:
            return f"{_plain(value / size)} {name}"
    return _plain(value)


def _plain(value: float) -> str:
    return f"{value:.10g}"
