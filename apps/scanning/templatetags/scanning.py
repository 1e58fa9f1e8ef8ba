"""A severity in the reader's language."""

from __future__ import annotations

from django import template

from apps.scanning.models import Severity

register = template.Library()


@register.filter
def severity(name: str) -> str:
    """Its word; a name that is none as it is."""
    return str(dict(Severity.choices).get(name, name))
