"""Webhooks and their deliveries in the admin."""

from __future__ import annotations

import json
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

from apps.webhooks.forms.hooks import WebhookForm
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.rules.words import result_in_words
from apps.webhooks.selectors import TONES
from apps.webhooks.services.hooks import delete_hook, save_hook, send_again, try_hook
from dce_portal.admin_site import ModelAdmin, ReadOnlyAdmin, action, display
from dce_portal.errors import PortalError
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago, duration

ASKED = ("name", "url", "kinds", "patterns", "key", "is_active")
ASKED_AGAIN = (*ASKED[:5], "new_key", "is_active")
LABELS = {"good": "success", "late": "warning", "bad": "danger", "busy": "info"}


@admin.register(Webhook)
class WebhookAdmin(ModelAdmin):
    """Who is told of what."""

    audits_itself = True
    form = WebhookForm
    list_display = ("name", "url", "kinds_in_words", "patterns", "is_active", "deliveries")
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    list_before_template = "webhooks/hooks_before.html"
    change_form_outer_after_template = "webhooks/hook_after.html"

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """A new key is made by a switch once there is one."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("name", "url", "kinds_in_words", "patterns", "is_active")
        return ASKED if obj is None else ASKED_AGAIN

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """What only those see who may not change."""
        may = obj is None or self.has_change_permission(request, obj)
        return () if may else ("kinds_in_words",)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        """Let the service seal, write and audit."""
        before = Webhook.objects.get(pk=obj.pk) if change else Webhook()
        values = {name: form.cleaned_data[name] for name in WebhookForm.Meta.fields}
        made = save_hook(before, values, key=form.key_wish(), origin=Origin.of_request(request))
        obj.pk, obj.sealed_key = before.pk, before.sealed_key
        if made is not None:
            text = _("The signing key is %(key)s – copy it now, it is not shown again.")
            self.message_user(request, text % {"key": made.reveal()}, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        """Let the service audit."""
        delete_hook(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Each of them."""
        for hook in queryset:
            delete_hook(hook, origin=Origin.of_request(request))

    def get_urls(self) -> list[URLPattern]:
        """The button that sends a test."""
        view = self.admin_site.admin_view(require_POST(self.try_view))
        return [path("<int:pk>/test/", view, name="webhooks_webhook_test"), *super().get_urls()]

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test and show how it goes."""
        hook = get_object_or_404(Webhook, pk=pk)
        if not self.has_change_permission(request, hook):
            raise PermissionDenied
        delivery = try_hook(hook, origin=Origin.of_request(request))
        self.message_user(request, _("A test is on its way; reload to see its result."))
        address = reverse("admin:webhooks_webhookdelivery_change", args=[delivery.pk])
        return HttpResponseRedirect(address)

    @admin.display(description=_("events"))
    def kinds_in_words(self, row: Webhook) -> str:
        """As the form names them."""
        words = dict(WebhookForm.base_fields["kinds"].choices)  # type: ignore[attr-defined]  # a choice field
        return ", ".join(str(words.get(kind, kind)) for kind in row.kinds)

    @admin.display(description=_("deliveries"))
    def deliveries(self, row: Webhook) -> SafeString:
        """Their list."""
        address = reverse("admin:webhooks_webhookdelivery_changelist")
        link = '<a class="dce-link" href="{}?webhook__id__exact={}">{}</a>'
        return format_html(link, address, row.pk, _("show"))


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """What was told, and how it went."""

    list_display = ("when", "what", "webhook", "standing", "result", "attempts", "took")
    list_filter = ("state", "kind", "webhook")
    search_fields = ("repository", "webhook__name")
    list_select_related = ("webhook",)
    fields = ("kind",)
    list_before_template = "webhooks/deliveries_before.html"
    actions = ("resend_selected",)

    class Media:
        """The widths of the list."""

        css = {"all": ("css/exchange.css",)}

    def page_of(self, request: HttpRequest, row: WebhookDelivery) -> Mapping[str, Any]:
        """The body as it goes, and what was answered."""
        return {
            "delivery": row,
            "tone": TONES[row.state],
            "result": result_in_words(row.status, row.problem),
            "body": json.dumps(row.body, indent=2, ensure_ascii=False, sort_keys=True),
            "took": duration(row.duration_ms / 1000) if row.duration_ms is not None else "",
            "may_resend": may_resend(request) and not row.is_open,
        }

    def get_urls(self) -> list[URLPattern]:
        """The button that sends again."""
        view = self.admin_site.admin_view(require_POST(self.resend_view))
        name = "webhooks_webhookdelivery_resend"
        return [path("<int:pk>/resend/", view, name=name), *super().get_urls()]

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the same body once more."""
        row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), pk=pk)
        self._resend(request, [row])
        return HttpResponseRedirect(reverse("admin:webhooks_webhookdelivery_changelist"))

    @action(description=_("Send again"))
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Several at once."""
        self._resend(request, list(queryset))

    def _resend(self, request: HttpRequest, rows: list[WebhookDelivery]) -> None:
        if not may_resend(request):
            raise PermissionDenied
        for row in rows:
            try:
                send_again(row, origin=Origin.of_request(request))
            except PortalError as error:
                self.message_user(request, error.message, messages.WARNING)
            else:
                text = _("It goes to %(channel)s again.") % {"channel": row.webhook.name}
                self.message_user(request, text, messages.SUCCESS)

    @display(description=_("when"), ordering="created_at")
    def when(self, row: WebhookDelivery) -> str | SafeString:
        """How long ago."""
        return ago(row.created_at)

    @display(description=_("event"), ordering="kind")
    def what(self, row: WebhookDelivery) -> str:
        """What of which repository."""
        return f"{row.get_kind_display()} {row.repository}".rstrip()

    @display(description=_("state"), ordering="state", label=LABELS)
    def standing(self, row: WebhookDelivery) -> tuple[str, str]:
        """A shape and a word."""
        tone = TONES[row.state]
        return tone, f"{SHAPES[tone]} {row.get_state_display()}"

    @display(description=_("result"))
    def result(self, row: WebhookDelivery) -> str | SafeString:
        """What was answered, or why nothing was."""
        said = result_in_words(row.status, row.problem)
        return format_html('<span class="dce-long">{}</span>', said) if said else NOTHING

    @display(description=_("took"), ordering="duration_ms")
    def took(self, row: WebhookDelivery) -> str:
        """The last attempt."""
        return duration(row.duration_ms / 1000) if row.duration_ms is not None else NOTHING


def may_resend(request: HttpRequest) -> bool:
    """By Django's permission."""
    return bool(cast("Any", request.user).has_perm("webhooks.change_webhookdelivery"))
