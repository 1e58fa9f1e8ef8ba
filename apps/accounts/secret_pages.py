"""Pages that personal tokens and robots share: made in a side panel, shown once, rotated and revoked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.accounts.issued_models import IssuedSecret
from dce_portal.admin_site import SelectWidget, action, display
from dce_portal.errors import Conflict, PortalError
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago

if TYPE_CHECKING:
    from django.db.models import QuerySet

STATE_LABELS = {"usable": "success", "soon": "warning", "expired": "", "revoked": ""}
STATE_WORDS = {
    "usable": _("usable"),
    "soon": _("ends soon"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}
STATE_TONES = {"usable": "good", "soon": "late", "expired": "off", "revoked": "off"}
OVERLAPS = {
    0: _("not at all: it ends now"),
    1: _("one hour"),
    24: _("one day"),
    72: _("three days"),
    168: _("a week"),
}


class RotateForm(forms.Form):
    """How long the old secret goes on."""

    overlap_hours = forms.TypedChoiceField(
        label=_("The old secret goes on for"),
        choices=list(OVERLAPS.items()),
        initial=24,
        coerce=int,
        widget=SelectWidget,
    )


def state_of(row: IssuedSecret) -> str:
    """One word of STATE_WORDS."""
    if row.revoked_at:
        return "revoked"
    if not row.is_usable:
        return "expired"
    return "soon" if row.expires_soon else "usable"


class SecretPages:
    """What the admin classes of personal tokens and of robots add to their pages."""

    admin_site: admin.AdminSite
    opts: Any
    audits_itself = True
    actions = ("revoke_selected",)
    change_form_outer_before_template = "accounts/secret_actions.html"
    list_before_template = "accounts/secrets_before.html"

    class Media:
        """The looks of panel and buttons."""

        css = {"all": ("css/access.css", "css/tokens.css")}

    def issue(self, request: HttpRequest, form: Any) -> tuple[Any, str]:
        """Make what the form wishes; the row and its secret."""
        raise NotImplementedError

    def rotate(self, request: HttpRequest, row: Any, overlap_hours: int) -> tuple[Any, str]:
        """Give the row another secret."""
        raise NotImplementedError

    def revoke(self, request: HttpRequest, row: Any) -> None:
        """End the row; Conflict when it has ended already."""
        raise NotImplementedError

    def may_rotate(self, request: HttpRequest, row: Any) -> bool:
        """Whether this person may have the new secret shown."""
        raise NotImplementedError

    def login_name(self, row: Any) -> str:
        """The user name that goes with the secret."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A secret is rotated or revoked, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was revoked stays in the list."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever sees a row may revoke it."""
        return request.user.is_active

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list with the panel in which a new one is made."""
        here = cast("Any", self)
        panel = (
            here.get_form(request, None, change=False)()
            if here.has_add_permission(request)
            else None
        )
        context = {
            "panel_form": panel,
            "panel_fields": [panel[name] for name in here.get_fields(request)] if panel else [],
            "panel_address": reverse(f"admin:{self._name('add')}"),
            "ending": here.ending(request),
            "add_words": here.add_words,
        }
        answer: HttpResponse = cast("Any", super()).changelist_view(
            request, {**(extra_context or {}), **context}
        )
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The row's facts, and what can be done with it."""
        row = cast("Any", self).get_object(request, object_id)
        context = {
            "secret_state": state_of(row) if row else "",
            "may_rotate": bool(row) and self.may_rotate(request, row),
            "rotate_form": RotateForm(),
            "rotate_address": reverse(f"admin:{self._name('rotate')}", args=[row.pk])
            if row
            else "",
            "revoke_address": reverse(f"admin:{self._name('revoke')}", args=[row.pk])
            if row
            else "",
        }
        answer: HttpResponse = cast("Any", super()).change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the service make it; the secret lives on the request, until the answer is written."""
        row, secret = self.issue(request, form)
        for field in row._meta.concrete_fields:
            setattr(obj, field.attname, getattr(row, field.attname))
        request.issued = (row, secret)  # type: ignore[attr-defined]  # our own attribute

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in this one answer."""
        row, secret = request.issued  # type: ignore[attr-defined]  # set in save_model
        return self._shown(request, row, secret)

    def _shown(self, request: HttpRequest, row: Any, secret: str) -> HttpResponse:
        """Neither a message nor the session ever holds the secret."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Your new token"),
            "opts": self.opts,
            "row": row,
            "secret": secret,
            "login_line": f"docker login -u {self.login_name(row)} {request.get_host()}",
            "list_address": reverse(f"admin:{self._name('changelist')}"),
        }
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "accounts/secret_issued.html", context, headers=headers)

    def get_urls(self) -> list[URLPattern]:
        """The buttons of a row's page."""
        view = self.admin_site.admin_view
        own = [
            path(f"<int:pk>/{verb}/", view(require_POST(handler)), name=self._name(verb))
            for verb, handler in (("revoke", self.revoke_view), ("rotate", self.rotate_view))
        ]
        return [*own, *cast("Any", super()).get_urls()]

    def _name(self, verb: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{verb}"

    def _row(self, request: HttpRequest, pk: int) -> Any:
        return get_object_or_404(cast("Any", self).get_queryset(request), pk=pk)

    def _back(self, pk: int) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:{self._name('change')}", args=[pk]))

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one."""
        row = self._row(request, pk)
        try:
            self.revoke(request, row)
        except PortalError as error:
            messages.add_message(request, messages.WARNING, error.message)
        else:
            messages.add_message(request, messages.SUCCESS, _("The token was revoked."))
        return self._back(pk)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give one another secret, and show it."""
        row, form = self._row(request, pk), RotateForm(request.POST)
        if not form.is_valid():
            messages.add_message(
                request, messages.ERROR, _("Choose how long the old secret goes on.")
            )
            return self._back(pk)
        try:
            changed, secret = self.rotate(request, row, form.cleaned_data["overlap_hours"])
        except PortalError as error:
            messages.add_message(request, messages.ERROR, error.message)
            return self._back(pk)
        return self._shown(request, changed, secret)

    @action(description=_("Revoke the chosen tokens"), permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End all that were chosen and have not ended."""
        count = sum(self._was_revoked(request, row) for row in rows)
        message = ngettext("%(n)d token was revoked.", "%(n)d tokens were revoked.", count)
        messages.add_message(request, messages.SUCCESS, message % {"n": count})

    def _was_revoked(self, request: HttpRequest, row: Any) -> bool:
        try:
            self.revoke(request, row)
        except Conflict:
            return False
        return True

    @display(description=_("state"), label=STATE_LABELS)
    def state(self, row: IssuedSecret) -> tuple[str, str]:
        """A shape and a word."""
        found = state_of(row)
        return found, f"{SHAPES[STATE_TONES[found]]} {STATE_WORDS[found]}"

    @display(description=_("expires"), ordering="expires_at")
    def ends(self, row: IssuedSecret) -> str | SafeString:
        """When it ends."""
        return day_of(row.expires_at)

    @display(description=_("last used"), ordering="last_used_at")
    def used(self, row: IssuedSecret) -> str | SafeString:
        """How long ago."""
        return ago(row.last_used_at)

    @display(description=_("allowed addresses"))
    def allowed_addresses(self, row: IssuedSecret) -> str:
        """Networks, or from anywhere."""
        return ", ".join(row.networks) or str(_("from anywhere"))

    @display(description=_("old secret works until"))
    def overlap(self, row: IssuedSecret) -> str | SafeString:
        """While a rotation overlaps."""
        return day_of(row.previous_until)


def day_of(moment: datetime | None) -> str:
    """A moment to come, where the person is."""
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else NOTHING


def lines_of(text: str) -> list[str]:
    """What stands on lines or between commas and spaces."""
    return text.replace(",", " ").split()
