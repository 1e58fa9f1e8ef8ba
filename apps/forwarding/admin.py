"""Receivers of the audit in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.selectors import latest_audit_number
from apps.forwarding.forms.receivers import ForwardForm
from apps.forwarding.models import Forward
from apps.forwarding.services.receivers import delete_forward, save_forward
from dce_portal.admin_site import ModelAdmin, display
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import SHAPES

TONES = {"new": "busy", "sending": "good", "behind": "late"}
LABELS = {"new": "info", "sending": "success", "behind": "warning"}
ASKED = ("name", "kind", "address", "ca_certificates", "secret", "is_active")
ASKED_AGAIN = (*ASKED[:5], "forget_secret", "is_active")
TOLD = ("state_label", "problem", "next_try_at", "last_ok_at", "waiting", "entries_sent")


@admin.register(Forward)
class ForwardAdmin(ModelAdmin):
    """Who receives the audit, how far each has got, and why it stopped."""

    audits_itself = True
    form = ForwardForm
    list_display = ("name", "kind", "address", "state_label", "waiting", "entries_sent")
    search_fields = ("name", "address")
    readonly_fields = TOLD
    list_before_template = "forwarding/empty.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked for; below it, once there is something, how it stands."""
        if obj is None:
            return [(None, {"fields": ASKED})]
        may_change = self.has_change_permission(request, obj)
        asked = ASKED_AGAIN if may_change else ("name", "kind", "address")
        return [(None, {"fields": asked}), (_("How it stands"), {"fields": TOLD})]

    def save_model(self, request: HttpRequest, obj: Forward, form: Any, change: bool) -> None:
        """Let the service seal, write and audit."""
        before = Forward.objects.get(pk=obj.pk) if change else Forward()
        values = {name: form.cleaned_data[name] for name in ForwardForm.Meta.fields}
        origin = Origin.of_request(request)
        saved = save_forward(before, values, secret=form.secret_wish(), origin=origin)
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: Forward) -> None:
        """Let the service audit."""
        delete_forward(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Forward]) -> None:
        """Each of them."""
        for forward in queryset:
            delete_forward(forward, origin=Origin.of_request(request))

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_label(self, row: Forward) -> tuple[str, str]:
        """A shape and a word."""
        if not row.is_active:
            return "", str(_("switched off"))
        return row.state, f"{SHAPES[TONES[row.state]]} {row.get_state_display()}"

    @display(description=_("not yet sent, at most"))
    def waiting(self, row: Forward) -> int:
        """Entries after the last that it has, by their numbers."""
        return max(latest_audit_number() - row.sent_to, 0)
