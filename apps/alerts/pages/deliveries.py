"""What was told, where, and how it went; sending again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.alerts.models import Delivery
from apps.alerts.selectors.channels import TONES, deliveries_visible_to, result_of
from apps.alerts.services.resending import send_again
from dce_portal.admin_site import ReadOnlyAdmin, action, display
from dce_portal.errors import PortalError
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago, duration

LABELS = {"good": "success", "late": "warning", "bad": "danger", "busy": "info", "off": ""}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """The history."""

    list_display = ("when", "title", "channel_name", "standing", "result", "attempts", "took")
    list_filter = ("state", "kind", "severity", "channel")
    search_fields = ("title", "channel_name")
    date_hierarchy = "created_at"
    fields = ("title",)
    list_before_template = "alerts/deliveries_before.html"
    actions = ("resend_selected",)

    class Media:
        """The widths of the list."""

        css = {"all": ("css/alert-delivery.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """What this person may see."""
        return deliveries_visible_to(cast("Any", request.user))

    def page_of(self, request: HttpRequest, row: Delivery) -> Mapping[str, Any]:
        """The message as it went, and how it went."""
        return {
            "delivery": row,
            "tone": TONES[row.state],
            "result": result_of(row),
            "alerts": list(row.alerts.all()[:50]),
            "took": duration(row.duration_ms / 1000) if row.duration_ms is not None else "",
            "may_resend": may_resend(request) and not row.is_open and row.channel_id is not None,
        }

    def get_urls(self) -> list[URLPattern]:
        """The button that sends again."""
        view = self.admin_site.admin_view(require_POST(self.resend_view))
        name = "alerts_delivery_resend"
        return [path("<int:pk>/resend/", view, name=name), *super().get_urls()]

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the same message once more."""
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        self._resend(request, [row])
        return HttpResponseRedirect(reverse("admin:alerts_delivery_changelist"))

    @action(description=_("Send again"))
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Several at once."""
        self._resend(request, list(queryset))

    def _resend(self, request: HttpRequest, rows: list[Delivery]) -> None:
        if not may_resend(request):
            raise PermissionDenied
        for row in rows:
            try:
                send_again(row, origin=Origin.of_request(request))
            except PortalError as error:
                self.message_user(request, error.message, messages.WARNING)
            else:
                text = _("It goes to %(channel)s again.") % {"channel": row.channel_name}
                self.message_user(request, text, messages.SUCCESS)

    @display(description=_("when"), ordering="created_at")
    def when(self, row: Delivery) -> str | SafeString:
        """How long ago."""
        return ago(row.created_at)

    @display(description=_("state"), ordering="state", label=LABELS)
    def standing(self, row: Delivery) -> tuple[str, str]:
        """A shape and a word."""
        tone = TONES[row.state]
        return tone, f"{SHAPES[tone]} {row.get_state_display()}"

    @display(description=_("result"))
    def result(self, row: Delivery) -> str | SafeString:
        """What went wrong, or who held it."""
        return format_html('<span class="dce-long">{}</span>', result_of(row) or row.because)

    @display(description=_("took"), ordering="duration_ms")
    def took(self, row: Delivery) -> str:
        """The last attempt."""
        return duration(row.duration_ms / 1000) if row.duration_ms is not None else NOTHING


def may_resend(request: HttpRequest) -> bool:
    """By Django's permission."""
    return bool(cast("Any", request.user).has_perm("alerts.change_delivery"))
