"""Everything that a deletion would take along, before it is done."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.policies.selectors.deletion import deletion_of
from apps.policies.selectors.visible import may_delete_in
from apps.policies.services.deleting import request_deletion
from apps.registry.extensions import ArtifactTab
from apps.registry.models import Tag
from apps.registry.selectors import tags_visible_to
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

ALL = "manifest"


class DeletionPages:
    """What an admin class adds to have the page of deletions."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """One page a tag."""
        view = self.admin_site.admin_view(self.deletion_view)
        own = path("delete-tag/<int:pk>/", view, name="policies_deletion")
        return [own, *cast("Any", super()).get_urls()]

    def deletion_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The tag alone, or its manifest with all its tags: both are told, one is chosen."""
        tag = tags_visible_to(request.user).filter(pk=pk).first()
        if tag is None or not may_delete_in(request.user, tag.repository):
            raise Http404
        if request.method == "POST":
            answer = _started(request, tag)
            if answer is not None:
                return answer
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete %(name)s") % {"name": str(tag)},
            **deletion_facts(request, tag),
        }
        return TemplateResponse(request, "policies/deletion.html", context)


def deletion_facts(request: HttpRequest, tag: Tag) -> dict[str, Any]:
    """What both ways would take along."""
    manifest = tag.manifest
    return {
        "tag": tag,
        "manifest": manifest,
        "alone": deletion_of(request.user, manifest, tag=tag),
        "whole": deletion_of(request.user, manifest),
    }


def deletion_tab() -> ArtifactTab:
    """The same lists as a tab of a tag's page, for those who may delete there."""
    return ArtifactTab(
        key="delete",
        title=gettext_lazy("Delete"),
        template="policies/deletion_choices.html",
        facts=_facts_of_tab,
        order=200,
    )


def _facts_of_tab(request: HttpRequest, tag: Tag) -> dict[str, Any] | None:
    return deletion_facts(request, tag) if may_delete_in(request.user, tag.repository) else None


def _started(request: HttpRequest, tag: Tag) -> HttpResponse | None:
    only = None if request.POST.get("what") == ALL else tag
    person = cast("Any", request.user)
    origin = Origin.of_request(request)
    try:
        operation = request_deletion(tag.manifest, origin=origin, user=person, tag=only)
    except PortalError as error:
        messages.error(request, error.message)
        return None
    return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))
