"""Filters for alerts: a severity's tone, a kind's word, a value with its unit."""

from __future__ import annotations

from django import template

from apps.alerts.models import Alert, Severity
from apps.alerts.rules.catalogue import KIND_WORDS
from apps.alerts.rules.sentences import value_in_words

register = template.Library()
TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "late", Severity.INFO: "busy"}


@register.filter
def severity_tone(severity: str) -> str:
    """Its colour and shape."""
    return TONES.get(Severity(severity), "off")


@register.filter
def kind_words(kind: str) -> str:
    """A kind of object in the reader's language."""
    return str(KIND_WORDS.get(kind, kind))


@register.filter
def alert_value(alert: Alert) -> str:
    """The newest value with its unit."""
    return value_in_words(alert.last_value, alert.unit)
