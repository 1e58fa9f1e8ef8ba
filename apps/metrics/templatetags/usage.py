"""What a template asks to draw a chart of usage."""

from __future__ import annotations

import json
from typing import Any

from django import template

from apps.metrics.charts import chart_of
from apps.metrics.selectors import charts_known_of

register = template.Library()


@register.simple_tag
def usage_chart(metric: str) -> dict[str, Any]:
    """The chart's words, and as `spec` what the browser needs."""
    chart = chart_of(metric)
    return {"title": chart.title, "meaning": chart.meaning, "spec": json.dumps(chart.spec())}


@register.simple_tag
def charts_of(kind: str, ref: int) -> list[str]:
    """The names of the charts that the page of such a thing shows."""
    return charts_known_of(kind, ref)
