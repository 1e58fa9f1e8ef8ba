"""Silences: made from a form or from an alert in one click, and ended."""

from __future__ import annotations

from typing import Any, cast, override

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.alerts.forms.telling import DURATIONS, SilenceForm
from apps.alerts.models import Silence
from apps.alerts.selectors import alerts_visible_to
from apps.alerts.selectors.channels import silences_visible_to
from apps.alerts.services.silencing import SilenceWish, end_silence, make_silence, silence_alert
from dce_portal.admin_site import ModelAdmin, action, display
from dce_portal.errors import PortalError
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import SHAPES

LIST = "admin:alerts_silence_changelist"


class RunningFilter(admin.SimpleListFilter):
    """Those that hold now, that come, and that are over."""

    title = _("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Three answers."""
        return [("now", _("now")), ("later", _("later")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that were chosen."""
        now = timezone.now()
        chosen = {
            "now": {"begins_at__lte": now, "ends_at__gt": now},
            "later": {"begins_at__gt": now},
            "over": {"ends_at__lte": now},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


@admin.register(Silence)
class SilenceAdmin(ModelAdmin):
    """Made and ended, never edited: what was silent when stays true."""

    audits_itself = True
    form = SilenceForm
    list_display = ("what", "state", "until", "reason", "created_by")
    list_filter = (RunningFilter,)
    search_fields = ("object_label", "label", "reason")
    list_before_template = "alerts/silences_before.html"
    change_form_outer_before_template = "alerts/silence_end.html"
    actions = ("end_selected",)
    fieldsets = (
        (
            _("What is silent"),
            {
                "fields": ("rule", "cluster", "object_kind", "object_label", "label"),
                "description": _("All that is said must fit."),
            },
        ),
        (_("How long, and why"), {"fields": ("begins_at", "ends_at", "reason")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Silence]:
        """What this person may see."""
        return silences_visible_to(cast("Any", request.user))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes one; it is ended."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The buttons that end one, and those on an alert."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/end/", view(require_POST(self.end_view)), name="alerts_silence_end"),
            path(
                "alert/<int:pk>/",
                view(require_POST(self.alert_view)),
                name="alerts_silence_alert",
            ),
            *super().get_urls(),
        ]

    @override
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From an alert, its rule and object are proposed."""
        number = request.GET.get("alert", "")
        alerts = alerts_visible_to(cast("Any", request.user))
        alert = (
            alerts.filter(pk=int(number)).first()
            if number.isdecimal() and len(number) < 18
            else None
        )
        if alert is None:
            return {}
        return {
            "rule": alert.rule_id,
            "cluster": alert.cluster_id,
            "object_kind": alert.object_kind,
            "object_label": alert.object_label,
        }

    @override
    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: bool) -> None:
        """Call the service that does it."""
        wish = SilenceWish(**form.cleaned_data)
        obj.pk = make_silence(wish, origin=Origin.of_request(request)).pk

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one now."""
        silence = get_object_or_404(self.get_queryset(request), pk=pk)
        self._end(request, [silence])
        return HttpResponseRedirect(reverse(LIST))

    @action(description=_("End now"))
    def end_selected(self, request: HttpRequest, queryset: QuerySet[Silence]) -> None:
        """End several."""
        self._end(request, list(queryset))

    def _end(self, request: HttpRequest, silences: list[Silence]) -> None:
        if not cast("Any", request.user).has_perm("alerts.change_silence"):
            raise PermissionDenied
        for silence in silences:
            try:
                end_silence(silence, origin=Origin.of_request(request))
            except PortalError as error:
                self.message_user(request, error.message, messages.WARNING)
            else:
                text = _("The silence is over; what is still open is told now.")
                self.message_user(request, text, messages.SUCCESS)

    def alert_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Silence one alert for one of the usual times."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        alert = get_object_or_404(alerts_visible_to(cast("Any", request.user)), pk=pk)
        seconds = next(
            (one for one, _words in DURATIONS if str(one) == request.POST.get("seconds")), None
        )
        if seconds is None:
            raise PermissionDenied
        reason = request.POST.get("reason", "").strip()[:500] or str(_("from the alert's page"))
        origin = Origin.of_request(request)
        silence = silence_alert(alert, seconds=seconds, reason=reason, origin=origin)
        text = _("Silent until %(end)s.") % {"end": moment(silence.ends_at)}
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:alerts_silence_change", args=[silence.pk]))

    @display(description=_("silent"))
    def what(self, silence: Silence) -> str:
        """What it covers."""
        return str(silence)

    @display(
        description=_("state"),
        label={"busy": "info", "off": ""},
        ordering="ends_at",
    )
    def state(self, silence: Silence) -> tuple[str, str]:
        """A shape and a word."""
        now = timezone.now()
        if silence.is_on(now):
            words = _("silent now")
            return "busy", f"{SHAPES['busy']} {words}"
        words = _("over") if silence.ends_at <= now else _("later")
        return "off", f"{SHAPES['off']} {words}"

    @display(description=_("until"), ordering="ends_at")
    def until(self, silence: Silence) -> SafeString:
        """The moment."""
        return format_html('<span class="dce-ago">{}</span>', moment(silence.ends_at))


def moment(at: Any) -> str:
    """In the reader's zone."""
    return str(date_format(timezone.localtime(at), "j M H:i"))
