"""Remote-write targets in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.interop.forms.targets import RemoteWriteForm
from apps.interop.models import RemoteWrite
from apps.interop.services.targets import delete_target, save_target
from dce_portal.admin_site import Empty, ModelAdmin, display
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago

TONES = {"new": "busy", "writing": "good", "behind": "late", "held": "bad"}
LABELS = {"new": "info", "writing": "success", "behind": "warning", "held": "danger"}
ASKED = ("name", "url", "username", "secret", "portal_label", "is_active")
ASKED_AGAIN = (*ASKED[:4], "forget_secret", *ASKED[4:])
TOLD = (
    "state_label",
    "problem",
    "next_try_at",
    "written_to",
    "last_ok_at",
    "samples_sent",
    "samples_refused",
    "refused_at",
    "refusal",
)


@admin.register(RemoteWrite)
class RemoteWriteAdmin(ModelAdmin):
    """Where samples are written to, how far each target has got, and why it stopped."""

    empty = Empty(
        "upload",
        _("Samples are written nowhere else yet"),
        _(
            "A target gets every sample by Prometheus' remote write, goes on where it was after a gap, "
            "and shows how far it is."
        ),
    )

    audits_itself = True
    form = RemoteWriteForm
    list_display = ("name", "url", "state_label", "written", "samples_sent", "samples_refused")
    search_fields = ("name", "url")
    readonly_fields = TOLD

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked for; below it, once there is something, how it stands."""
        if obj is None:
            return [(None, {"fields": ASKED})]
        may_change = self.has_change_permission(request, obj)
        asked = ASKED_AGAIN if may_change else ("name", "url", "username", "portal_label")
        return [(None, {"fields": asked}), (_("How it stands"), {"fields": TOLD})]

    def save_model(self, request: HttpRequest, obj: RemoteWrite, form: Any, change: bool) -> None:
        """Let the service seal, write and audit."""
        before = RemoteWrite.objects.get(pk=obj.pk) if change else RemoteWrite()
        values = {name: form.cleaned_data[name] for name in RemoteWriteForm.Meta.fields}
        origin = Origin.of_request(request)
        saved = save_target(before, values, secret=form.secret_wish(), origin=origin)
        obj.pk, obj.sealed_secret = saved.pk, saved.sealed_secret

    def delete_model(self, request: HttpRequest, obj: RemoteWrite) -> None:
        """Let the service audit."""
        delete_target(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RemoteWrite]) -> None:
        """Each of them."""
        for target in queryset:
            delete_target(target, origin=Origin.of_request(request))

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_label(self, row: RemoteWrite) -> tuple[str, str]:
        """A shape and a word."""
        if not row.is_active:
            return "", str(_("switched off"))
        return row.state, f"{SHAPES[TONES[row.state]]} {row.get_state_display()}"

    @display(description=_("written up to"), ordering="written_to")
    def written(self, row: RemoteWrite) -> str | SafeString:
        """How long ago that was."""
        return ago(row.written_to) if row.written_to else NOTHING
