"""The form with which a team's maintainer takes people in and out, without being an administrator."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.accounts.models import Team, TeamMembership
from apps.accounts.services import may_maintain, put_member, remove_member
from dce_portal.errors import PermissionDenied, PortalError
from dce_portal.origin import Origin

MOST_SHOWN = 1000


class TeamPages:
    """What the teams' admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """The buttons of a team's page."""
        view = self.admin_site.admin_view(require_POST(self.members_view))
        own = [path("<int:pk>/members/", view, name="accounts_team_members")]
        return [*own, *cast("Any", super()).get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The members, and the form for whoever may change them."""
        team: Team | None = cast("Any", self).get_object(request, object_id)
        context: dict[str, Any] = {}
        if team is not None:
            members = team.memberships.select_related("person").order_by("person__username")
            context = {
                "team_members": members[:MOST_SHOWN],
                "may_maintain": may_maintain(request.user, team),
                "member_roles": TeamMembership.Role.choices,
                "members_address": reverse("admin:accounts_team_members", args=[team.pk]),
            }
        answer: HttpResponse = cast("Any", super()).change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )
        return answer

    def members_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take somebody in or out."""
        team = get_object_or_404(cast("Any", self).get_queryset(request), pk=pk)
        try:
            _change(request, team)
        except PortalError as error:
            messages.add_message(request, messages.ERROR, error.message)
        else:
            messages.add_message(request, messages.SUCCESS, _("The team was changed."))
        return HttpResponseRedirect(reverse("admin:accounts_team_change", args=[pk]))


def _change(request: HttpRequest, team: Team) -> None:
    username, origin = request.POST.get("person", "").strip(), Origin.of_request(request)
    leaves = "remove" in request.POST
    is_self = leaves and username == request.user.get_username()
    if not (is_self or may_maintain(request.user, team)):
        message = _("Only a maintainer of the team %(name)s may do this.")
        raise PermissionDenied(message % {"name": team.name})
    if leaves:
        remove_member(team, username=username, origin=origin)
    else:
        put_member(team, username=username, role=request.POST.get("role", ""), origin=origin)
