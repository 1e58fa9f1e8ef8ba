"""The inbox of the registry's notifications, for whoever looks into what went wrong."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.registry.admin.check import CheckPages
from apps.registry.models import RegistryEvent
from dce_portal.admin_site import Empty, KnownValueFilter, ReadOnlyAdmin
from dce_portal.templatetags.portal import ago

# As the registry names them; asking the table which it holds would read all of it.
ACTIONS = ("push", "pull", "mount", "delete")


class ActionFilter(KnownValueFilter):
    """What happened in the registry."""

    title = _("action")
    parameter_name = "action"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Under the registry's own names."""
        return [(name, name) for name in ACTIONS]


@admin.register(RegistryEvent)
class RegistryEventAdmin(CheckPages, ReadOnlyAdmin):
    """All events, for superusers: they name every repository."""

    empty = Empty(
        "move_to_inbox",
        _("The registry has told of nothing yet"),
        _(
            "Each push, pull and deletion of an image arrives here within seconds and goes into the catalogue."
        ),
    )

    list_display = ("received", "action", "repository_name", "actor_name", "applied", "problem")
    list_filter = (ActionFilter, ("applied_at", admin.EmptyFieldListFilter))
    search_fields = ("=repository_name", "=actor_name", "=event_id")
    search_help_text = _("A repository, an actor or an event id, in full")
    show_facets = admin.ShowFacets.NEVER

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers alone."""
        return request.user.is_superuser

    @admin.display(description=_("received"), ordering="pk")
    def received(self, event: RegistryEvent) -> str:
        """How long ago."""
        return ago(event.received_at)

    @admin.display(description=_("applied"))
    def applied(self, event: RegistryEvent) -> str:
        """How long ago."""
        return ago(event.applied_at)
