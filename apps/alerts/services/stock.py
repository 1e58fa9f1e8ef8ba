"""Puts the ready-made rules in place after `migrate`; what an operator changed or switched off stays so."""

from __future__ import annotations

from apps.alerts.models import AlertRule
from apps.alerts.rules.stock import STOCK_RULES


def make_stock_rules(*, using: str) -> int:
    """Make those that are missing; a name that somebody took already is left to them."""
    rules = AlertRule.objects.using(using)
    known = set(rules.filter(stock_key__isnull=False).values_list("stock_key", flat=True))
    missing = [stock for stock in STOCK_RULES if stock.stock_key not in known]
    if not missing:
        return 0
    rules.bulk_create([AlertRule(**stock.columns()) for stock in missing], ignore_conflicts=True)
    return len(missing)
