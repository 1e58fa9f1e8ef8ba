"""Personal tokens in the admin: made, shown once, listed and revoked by their owner."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.accounts.admin.token_form import TokenForm
from apps.accounts.models import PersonalToken, User
from apps.accounts.scopes import SCOPES
from apps.accounts.selectors import tokens_visible_to
from apps.accounts.services import IssuedToken, issue_personal_token, revoke_personal_token
from dce_portal.admin_site import ModelAdmin, action, display
from dce_portal.errors import Conflict
from dce_portal.origin import Origin


@admin.register(PersonalToken)
class PersonalTokenAdmin(ModelAdmin):
    """Everybody's own tokens; an administrator sees and revokes all of them, and reads no secret either."""

    audits_itself = True
    list_display = ("name", "owner", "key", "state", "last_used_at", "last_used_address")
    list_select_related = ("owner",)
    search_fields = ("name", "key", "owner__username")
    actions = ("revoke_selected",)
    change_form_outer_before_template = "admin/accounts/personaltoken/revoke.html"
    fields = (
        "name",
        "owner",
        "key",
        "scopes_in_words",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "last_used_address",
    )

    class Media:
        """The looks of the revoke button."""

        css = {"all": ("css/access.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalToken]:
        """What this person may see."""
        return tokens_visible_to(cast("User", request.user))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody has tokens."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are narrowed by the query."""
        return request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Everybody may make their own."""
        return request.user.is_active

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked and made anew, never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked token stays in the list."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever sees a row may revoke it."""
        return request.user.is_active

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Ask for a wish when adding."""
        if obj is None:
            kwargs["form"] = TokenForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The wish when adding, facts afterwards."""
        return super().get_fields(request, obj) if obj else ("name", "scopes", "last_day")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the service make it; the secret lives on the request, until the answer is written."""
        owner = cast("User", request.user)
        issued = issue_personal_token(owner=owner, origin=Origin.of_request(request), **form.wish())
        obj.pk, obj.owner = issued.token.pk, owner
        request.issued_token = issued  # type: ignore[attr-defined]  # our own attribute

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in this one answer; neither a message nor the session ever holds it."""
        issued: IssuedToken = request.issued_token  # type: ignore[attr-defined]  # set in save_model
        context = {
            **self.admin_site.each_context(request),
            "title": _("Your new token"),
            "opts": self.opts,
            "token": issued.token,
            "secret": issued.secret,
            "login_line": f"docker login -u {issued.token.owner.username} {request.get_host()}",
        }
        template = "admin/accounts/personaltoken/issued.html"
        return TemplateResponse(request, template, context, headers={"Cache-Control": "no-store"})

    @display(description=_("state"))
    def state(self, token: PersonalToken) -> str:
        """Whether it still opens anything."""
        if token.revoked_at:
            return str(_("revoked"))
        return str(_("usable")) if token.is_usable else str(_("expired"))

    @display(description=_("What it may do"))
    def scopes_in_words(self, token: PersonalToken) -> str:
        """Each scope as the form said it."""
        return "; ".join(str(SCOPES.get(scope, scope)) for scope in token.scopes)

    @action(description=_("Revoke the chosen tokens"), permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, tokens: QuerySet[PersonalToken]) -> None:
        """End them at once; those that were revoked before stay as they were."""
        alive = tokens.filter(revoked_at__isnull=True)
        revoked = sum(_revoked(token, request) for token in alive)
        text = ngettext("%(n)d token was revoked.", "%(n)d tokens were revoked.", revoked)
        self.message_user(request, text % {"n": revoked}, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        """The button of a token's page."""
        view = self.admin_site.admin_view(require_POST(self.revoke_view))
        name = "accounts_personaltoken_revoke"
        return [path("<int:pk>/revoke/", view, name=name), *super().get_urls()]

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one token."""
        token = get_object_or_404(self.get_queryset(request), pk=pk)
        if _revoked(token, request):
            self.message_user(request, _("The token was revoked."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:accounts_personaltoken_change", args=[pk]))


def _revoked(token: PersonalToken, request: HttpRequest) -> bool:
    try:
        revoke_personal_token(token, origin=Origin.of_request(request))
    except Conflict:
        return False
    return True
