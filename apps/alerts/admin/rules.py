"""The rules in the admin: its own pages take the place of the theme's list and form."""

from __future__ import annotations

from django.contrib import admin

from apps.alerts.models import AlertRule
from apps.alerts.pages.rules import RulePages
from dce_portal.admin_site import ModelAdmin


@admin.register(AlertRule)
class AlertRuleAdmin(RulePages, ModelAdmin):
    """Which conditions are watched; the services that its pages call write the audit."""

    audits_itself = True
    search_fields = ("name",)
