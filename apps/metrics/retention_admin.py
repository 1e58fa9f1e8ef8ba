"""The page on which an operator says how long usage is kept, beside the disk that takes."""

from __future__ import annotations

from typing import Any, override

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.metrics.estimate import lines_of
from apps.metrics.models import Retention
from apps.metrics.retention import keep, stored
from dce_portal.admin_site import ModelAdmin

HOURS_A_DAY = 24
COARSER = (("minute_days", "quarter_days"), ("quarter_days", "two_hours_days"))


class RetentionForm(ModelForm):  # type: ignore[type-arg]  # Django's takes none at run time
    """What is summed up must outlast what it is summed up from."""

    class Meta:
        """Every tier."""

        model = Retention
        fields = ("raw_hours", "sealed_days", "minute_days", "quarter_days", "two_hours_days")

    def clean(self) -> dict[str, Any]:
        """Each coarser tier is kept at least as long as the finer one; the packed as long as the raw."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("sealed_days", 0) * HOURS_A_DAY < values.get("raw_hours", 0):
            self.add_error("sealed_days", self._shorter())
        for finer, coarser in COARSER:
            if values.get(coarser, 0) < values.get(finer, 0):
                self.add_error(coarser, self._shorter())
        return values

    @staticmethod
    def _shorter() -> ValidationError:
        return ValidationError(
            _("This is shorter than what it is made from is kept. Make it at least as long.")
        )


@admin.register(Retention)
class RetentionAdmin(ModelAdmin):
    """One row; its list leads to it."""

    form = RetentionForm

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the one row, which is made when it is first looked at."""
        if not self.has_view_or_change_permission(request):
            response: HttpResponse = super().changelist_view(request, extra_context)
            return response
        row = stored()
        if row._state.adding:
            row.save()
        return HttpResponseRedirect(reverse("admin:metrics_retention_change", args=[row.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With what each tier takes, for those who may see it."""
        row = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if row is not None and self.has_view_permission(request, row):
            lines = lines_of(row)
            context |= {
                "lines": lines,
                "now_bytes": sum(line.now_bytes or 0 for line in lines),
                "full_bytes": sum(line.full_bytes for line in lines),
                "objects": row.found.get("objects"),
                "found_at": row.found_at,
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @override
    def save_model(self, request: HttpRequest, obj: Retention, form: Any, change: bool) -> None:
        """Counts at once in this process, within a minute in the others."""
        super().save_model(request, obj, form, change)
        keep.forget()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """There is one row."""
        return False
