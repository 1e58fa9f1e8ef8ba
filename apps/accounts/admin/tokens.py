"""Personal tokens in the admin: made, shown once, listed, rotated and revoked by their owner."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.token_form import TokenForm
from apps.accounts.models import PersonalToken, User
from apps.accounts.scopes import in_words
from apps.accounts.secret_pages import SecretPages
from apps.accounts.selectors import expiring_tokens_of, tokens_visible_to
from apps.accounts.services import (
    issue_personal_token,
    revoke_personal_token,
    rotate_personal_token,
)
from dce_portal.admin_site import Empty, ModelAdmin, display
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

MOST_ENDING = 5


@admin.register(PersonalToken)
class PersonalTokenAdmin(SecretPages, ModelAdmin):
    """Everybody's own tokens; an administrator sees and revokes all of them, and reads no secret either."""

    empty = Empty(
        "vpn_key",
        _("No personal tokens yet"),
        _(
            "A token takes the password's place for docker and scripts: it can be narrowed, ends by "
            "itself and is revoked at once."
        ),
    )

    add_words = _("New token")
    list_display = ("name", "owner", "key", "state", "ends", "used", "last_used_address")
    list_select_related = ("owner",)
    search_fields = ("name", "key", "owner__username")
    fields = (
        "name",
        "owner",
        "key",
        "scopes_in_words",
        "allowed_addresses",
        "created_at",
        "rotated_at",
        "overlap",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "last_used_address",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalToken]:
        """What this person may see."""
        return tokens_visible_to(cast("User", request.user))

    def ending(self, request: HttpRequest) -> list[PersonalToken]:
        """The person's own that end soon."""
        return list(expiring_tokens_of(cast("User", request.user))[:MOST_ENDING])

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody has tokens."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are narrowed by the query."""
        return request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Everybody may make their own."""
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
        if obj:
            return super().get_fields(request, obj)
        return ("name", "scopes", "places", "areas", "last_day", "allowed_from")

    def issue(self, request: HttpRequest, form: Any) -> tuple[PersonalToken, str]:
        """Let the service make it."""
        owner = cast("User", request.user)
        issued = issue_personal_token(owner=owner, origin=Origin.of_request(request), **form.wish())
        return issued.token, issued.secret

    def rotate(
        self, request: HttpRequest, row: PersonalToken, overlap_hours: int
    ) -> tuple[PersonalToken, str]:
        """Let the service do it, for the owner alone: whoever sees the secret can act as that person."""
        if row.owner_id != request.user.pk:
            raise PermissionDenied(str(_("Only the owner rotates a token; you may revoke it.")))
        origin = Origin.of_request(request)
        issued = rotate_personal_token(row, overlap_hours=overlap_hours, origin=origin)
        return issued.token, issued.secret

    def revoke(self, request: HttpRequest, row: PersonalToken) -> None:
        """Let the service do it."""
        revoke_personal_token(row, origin=Origin.of_request(request))

    def may_rotate(self, request: HttpRequest, row: PersonalToken) -> bool:
        """Of tokens, one's own."""
        return row.owner_id == request.user.pk

    def login_name(self, row: PersonalToken) -> str:
        """The owner's."""
        return row.owner.username

    @display(description=_("What it may do"))
    def scopes_in_words(self, token: PersonalToken) -> str:
        """Each scope as the form said it."""
        return "; ".join(in_words(scope) for scope in token.scopes)
