"""The page "Add nodes": makes join tokens, shows their line once, and the joins as they go on."""

from __future__ import annotations

from typing import Any, cast, override

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.nodes.forms.joining import JoinTokenForm
from apps.nodes.joining.offer import join_lines, obstacles
from apps.nodes.models import JoinToken
from apps.nodes.selectors.joining import add_nodes_page, join_tokens_visible_to
from apps.nodes.services.joining import IssuedJoinToken, issue_join_token, revoke_join_token
from dce_portal.admin_site import ReadOnlyAdmin
from dce_portal.errors import Conflict, PortalError
from dce_portal.origin import Origin

PAGE = "admin:nodes_jointoken_changelist"


@admin.register(JoinToken)
class JoinTokenAdmin(ReadOnlyAdmin):
    """Its list is the page; there is no page of a single token."""

    audits_itself = True

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or make a token and show its line in this one answer."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._made(request)
        return self._page(request, JoinTokenForm())

    @override
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A token is a row of the page."""
        return HttpResponseRedirect(reverse(PAGE))

    def get_urls(self) -> list[URLPattern]:
        """The revoke buttons."""
        view = self.admin_site.admin_view(require_POST(self.revoke_view))
        name = "nodes_jointoken_revoke"
        return [path("<int:pk>/revoke/", view, name=name), *super().get_urls()]

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End one token."""
        user = cast("Any", request.user)
        if not user.has_perm("nodes.delete_jointoken"):
            raise PermissionDenied
        token = get_object_or_404(join_tokens_visible_to(user), pk=pk)
        try:
            revoke_join_token(token, origin=Origin.of_request(request))
            self.message_user(request, _("The join token was revoked."), messages.SUCCESS)
        except Conflict as error:
            self.message_user(request, error.message, messages.WARNING)
        return HttpResponseRedirect(reverse(PAGE))

    def _made(self, request: HttpRequest) -> HttpResponse:
        if not cast("Any", request.user).has_perm("nodes.add_jointoken"):
            raise PermissionDenied
        form = JoinTokenForm(request.POST)
        if not form.is_valid():
            return self._page(request, form)
        try:
            issued = issue_join_token(wish=form.wish(), origin=Origin.of_request(request))
        except PortalError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            return self._page(request, form)
        return self._page(request, form, issued)

    def _page(
        self, request: HttpRequest, form: JoinTokenForm, issued: IssuedJoinToken | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **add_nodes_page(cast("Any", request.user)),
            "title": _("Add nodes"),
            "opts": self.opts,
            "form": form,
            "obstacles": obstacles(request),
            "issued": issued,
            "lines": join_lines(request, secret=issued.secret) if issued else None,
        }
        headers = {"Cache-Control": "no-store"} if issued else None
        return TemplateResponse(request, "nodes/add_nodes.html", context, headers=headers)
