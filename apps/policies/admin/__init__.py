"""Policies in the admin."""

from apps.policies.admin import garbage, retention, rules

__all__ = ["garbage", "retention", "rules"]
