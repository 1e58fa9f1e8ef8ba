"""What all pages of the registry share: whoever signs in sees the rows that a selector gives, and no others."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.registry.hosts import registry_host
from dce_portal.admin_site import ReadOnlyAdmin


class VisibleRowsAdmin(ReadOnlyAdmin):
    """Rows are shown by who may pull them, not by Django's permissions."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everyone who is signed in, as for the site itself."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Everyone; `get_queryset` holds back the rows of others."""
        return self.has_module_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Ask the app's selector; each page has its own."""
        raise NotImplementedError

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Give the list's own part the registry's address, for commands to copy."""
        context = {**(extra_context or {}), "registry_host": registry_host(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response


# As components/copy.html, which takes five times as long; a list has a hundred of them.
COPYABLE = (
    '<span class="dce-copy"><code class="dce-copy-text">{label}</code><button type="button"'
    ' class="dce-copy-button" data-copy="{text}" data-copied="{copied}" title="{copy}"'
    ' aria-label="{what}"><span class="material-symbols-outlined" aria-hidden="true">content_copy'
    "</span></button></span>"
)


def copyable(text: str, *, label: str = "") -> SafeString:
    """A text with the button that copies it."""
    return format_html(
        COPYABLE,
        label=label or text,
        text=text,
        copied=_("Copied"),
        copy=_("Copy"),
        what=_("Copy %(text)s") % {"text": text},
    )


def chips(words: list[str]) -> str | SafeString:
    """Short words side by side."""
    return format_html_join(" ", '<span class="dce-chip">{}</span>', ((word,) for word in words))
