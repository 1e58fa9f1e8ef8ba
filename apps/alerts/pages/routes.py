"""Routes: which alerts are told where."""

from __future__ import annotations

from typing import Any, cast, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.alerts.forms.telling import RouteForm
from apps.alerts.models import Route, Severity
from apps.alerts.selectors.channels import channels_usable_by, routes_visible_to
from dce_portal.admin_site import ModelAdmin, display
from dce_portal.templatetags.portal import NOTHING


@admin.register(Route)
class RouteAdmin(ModelAdmin):
    """Edited by those with the right; channels of other teams are not theirs to choose."""

    form = RouteForm
    list_display = ("name", "which", "where_to", "wait_s", "repeat_s", "is_enabled")
    search_fields = ("name",)
    list_before_template = "alerts/routes_before.html"
    filter_horizontal = ("channels",)
    fieldsets = (
        (None, {"fields": ("name", "is_enabled")}),
        (
            _("Which alerts"),
            {
                "fields": ("severities", "stacks", "clusters", "rules", "teams"),
                "description": _(
                    "All that is chosen must fit; what is left empty fits everything."
                ),
            },
        ),
        (_("Told where and when"), {"fields": ("channels", "wait_s", "repeat_s", "sends_cleared")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        """What this person may see."""
        return routes_visible_to(cast("Any", request.user))

    @override
    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only channels that the person may use."""
        if db_field.name == "channels":
            kwargs["queryset"] = channels_usable_by(cast("Any", request.user))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Channels that the person could not see in the form stay in the route."""
        usable = channels_usable_by(cast("Any", request.user)).values("pk")
        hidden = list(form.instance.channels.exclude(pk__in=usable))
        super().save_related(request, form, formsets, change)
        form.instance.channels.add(*hidden)

    @display(description=_("which alerts"))
    def which(self, route: Route) -> str:
        """In words."""
        labels = dict(Severity.choices)
        parts = [
            ", ".join(str(labels.get(one, one)) for one in route.severities),
            route.stacks,
            *(
                ", ".join(str(one) for one in rows.all())
                for rows in (route.clusters, route.rules, route.teams)
            ),
        ]
        return " · ".join(part for part in parts if part) or gettext("all")

    @display(description=_("channels"))
    def where_to(self, route: Route) -> str:
        """Their names."""
        return ", ".join(channel.name for channel in route.channels.all()) or NOTHING
