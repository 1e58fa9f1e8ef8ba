"""Channels: the list with last results, one form a kind, and the button that tries one."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import available_timezones

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.alerts.forms.channels import ChannelForm
from apps.alerts.models import Channel
from apps.alerts.rules.addresses import PARTS
from apps.alerts.selectors.channels import (
    channel_state,
    channels_visible_to,
    recent_deliveries,
    result_of,
)
from apps.alerts.services.channels import (
    change_channel,
    create_channel,
    delete_channel,
    test_channel,
)
from dce_portal.admin_site import ModelAdmin, display
from dce_portal.errors import PortalError
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import SHAPES, ago

STATES = {
    "off": ("off", _("off")),
    "untried": ("off", _("not tried yet")),
    "works": ("good", _("works")),
    "fails": ("bad", _("fails")),
}
LABELS = {"good": "success", "bad": "danger", "off": ""}
ICONS = {
    "mail": "mail",
    "webhook": "webhook",
    "slack": "tag",
    "telegram": "send",
    "dingtalk": "forum",
    "wecom": "chat",
    "feishu": "flight",
    "apprise": "hub",
}
# What nobody chooses: the short aliases of the time zone database.
ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc"))


@admin.register(Channel)
class ChannelAdmin(ModelAdmin):
    """Its own pages for adding and changing; addresses go in and never come out."""

    audits_itself = True
    list_display = ("name", "kind", "hint", "state", "result", "arrived")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "hint")
    list_before_template = "alerts/channels_before.html"

    class Media:
        """The looks of the ways that can be added."""

        css = {"all": ("css/alert-delivery.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """What this person may see."""
        return channels_visible_to(cast("Any", request.user))

    @display(description=_("state"), label=LABELS)
    def state(self, channel: Channel) -> tuple[str, str]:
        """A shape and a word."""
        tone, word = STATES[channel_state(channel)]
        return tone, f"{SHAPES[tone]} {word}"

    @display(description=_("last result"))
    def result(self, channel: Channel) -> str | SafeString:
        """In words, where something went wrong."""
        words = result_of(channel)
        return format_html('<span class="dce-long">{}</span>', words) if words else ""

    @display(description=_("last arrived"), ordering="last_ok_at")
    def arrived(self, channel: Channel) -> str | SafeString:
        """How long ago."""
        return ago(channel.last_ok_at)

    def get_urls(self) -> list[URLPattern]:
        """The test button."""
        view = self.admin_site.admin_view(require_POST(self.test_view))
        name = "alerts_channel_test"
        return [path("<int:pk>/test/", view, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, and the ways that can be added."""
        context = {
            **(extra_context or {}),
            "kinds": kinds(),
            "may_add": self.has_add_permission(request),
        }
        return super().changelist_view(request, context)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """First the kind, then its form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        kind = request.GET.get("kind", "")
        if kind not in PARTS:
            return self._page(
                request, "alerts/channel_kinds.html", title=_("Add a channel"), kinds=kinds()
            )
        form = ChannelForm(kind, data=request.POST if request.method == "POST" else None)
        return self._form(request, form)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """State, form and history of one."""
        channel = self.get_object(request, object_id)
        if channel is None or not self.has_view_permission(request, channel):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method == "POST" and not self.has_change_permission(request, channel):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        return self._form(request, ChannelForm(channel.kind, channel=channel, data=data))

    def _form(self, request: HttpRequest, form: ChannelForm) -> HttpResponse:
        if form.is_bound and form.is_valid():
            try:
                channel = self._save(form, Origin.of_request(request))
            except PortalError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                self.message_user(request, _("The channel was kept. Try it now."), messages.SUCCESS)
                page = reverse("admin:alerts_channel_change", args=[channel.pk])
                return HttpResponseRedirect(page)
        return self._channel_page(request, form)

    def _save(self, form: ChannelForm, origin: Origin) -> Channel:
        if form.channel is None:
            return create_channel(form.wish(), origin=origin)
        return change_channel(form.channel, form.wish(), origin=origin)

    def _channel_page(self, request: HttpRequest, form: ChannelForm) -> HttpResponse:
        channel = form.channel
        context: dict[str, Any] = {
            "form": form,
            "kind": form.kind,
            "kind_words": words_of(form.kind),
        }
        context |= {"zones": ZONES, "icon": ICONS[form.kind], "may_save": True}
        title: Any = _("Add a channel: %(kind)s") % {"kind": words_of(form.kind)}
        if channel is not None:
            tone, word = STATES[channel_state(channel)]
            title = channel.name
            context |= {
                "channel": channel,
                "tone": tone,
                "word": word,
                "result": result_of(channel),
                "deliveries": recent_deliveries(cast("Any", request.user), channel),
                "may_save": self.has_change_permission(request, channel),
                "may_test": may_test(request),
                "may_delete": self.has_delete_permission(request, channel),
            }
        return self._page(request, "alerts/channel.html", title=title, **context)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a real message and show how it goes."""
        if not may_test(request):
            raise PermissionDenied
        channel = get_object_or_404(self.get_queryset(request), pk=pk)
        operation = test_channel(channel, origin=Origin.of_request(request))
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        """Call the service that does it."""
        delete_channel(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """One after the other."""
        for channel in queryset:
            self.delete_model(request, channel)

    def _page(self, request: HttpRequest, template: str, **context: object) -> HttpResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**everywhere, "opts": self.opts, **context})


def may_test(request: HttpRequest, _row: Model | None = None) -> bool:
    """Sending real messages is a right of its own, which who may change channels has as well."""
    user = cast("Any", request.user)
    return bool(user.has_perm("alerts.test_channel") or user.has_perm("alerts.change_channel"))


def words_of(kind: str) -> str:
    """A kind's name."""
    return str(Channel.Kind(kind).label)


def kinds() -> list[dict[str, str]]:
    """The ways that can be added, with what each is for."""
    about = {
        "mail": gettext("By your mail server, with the chart attached."),
        "webhook": gettext("A POST with JSON, signed if you like, for programs of your own."),
        "slack": gettext("An incoming webhook of a workspace."),
        "telegram": gettext("A bot in a chat, a group or a channel."),
        "dingtalk": gettext("A robot of a group."),
        "wecom": gettext("A robot of a group."),
        "feishu": gettext("A robot of a group."),
        "apprise": gettext("Discord, Teams, ntfy, Gotify, Matrix and a hundred more."),
    }
    return [
        {"kind": kind, "words": words_of(kind), "about": text, "icon": ICONS[kind]}
        for kind, text in about.items()
    ]
