"""Search over the whole registry, and the README of a repository, inside the admin."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps.registry import pages, selectors
from apps.registry.browse import trends
from apps.registry.hosts import registry_host
from apps.registry.models import Repository
from apps.registry.readme import LONGEST_README, readme_html
from apps.registry.services.readmes import write_readme
from dce_portal.errors import PortalError
from dce_portal.origin import Origin


class RepositoryPages:
    """What the repositories' admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that the person may see; the admin class itself has it."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        """These pages before the theme's own."""
        view = self.admin_site.admin_view
        own = [
            path("search/", view(self.search_view), name="registry_search"),
            path("storage/", view(self.storage_view), name="registry_storage"),
            path("<int:pk>/readme/", view(self.readme_view), name="registry_readme"),
        ]
        return [*own, *cast("Any", super()).get_urls()]

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Repositories and tags by name, label and digest."""
        facts = pages.search_page(cast("Any", request.user), request.GET.get("q", ""))
        return self._page(request, "registry/search.html", {**facts, "title": _("Search images")})

    def storage_view(self, request: HttpRequest) -> HttpResponse:
        """What the registry stores, and how it grew; for superusers, since it counts all of it."""
        if not request.user.is_superuser:
            raise PermissionDenied
        facts = {
            "latest": trends.registry_sizes(),
            "growth": trends.sizes_of(None),
            "largest": pages.largest_namespaces(),
            "title": _("Registry storage"),
        }
        return self._page(request, "registry/storage.html", facts)

    def readme_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write it, with a look at what it becomes."""
        repository = self._described(request, pk)
        text = request.POST.get("readme", repository.readme)
        if request.method == "POST" and "save" in request.POST and _write(request, repository):
            address = reverse("admin:registry_repository_change", args=[pk])
            return HttpResponseRedirect(address)
        facts = {"repository": repository, "text": text, "preview": readme_html(text)}
        context = {**facts, "most": LONGEST_README, "title": repository.name}
        return self._page(request, "registry/readme_form.html", context)

    def _described(self, request: HttpRequest, pk: int) -> Repository:
        repository: Repository | None = self.get_queryset(request).filter(pk=pk).first()
        if repository is None:
            raise Http404
        if not selectors.may_describe(request.user, repository):
            raise PermissionDenied
        return repository

    def _page(self, request: HttpRequest, template: str, facts: dict[str, Any]) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "registry_host": registry_host(request)}
        return TemplateResponse(request, template, {**frame, **facts})


def _write(request: HttpRequest, repository: Repository) -> bool:
    """False, with a message, where it was refused; what was typed is shown again."""
    origin, by = Origin.of_request(request), request.user.get_username()
    try:
        write_readme(repository, text=request.POST.get("readme", ""), by=by, origin=origin)
    except PortalError as error:
        messages.error(request, error.message)
        return False
    return True
