"""The pages on which a standalone Swarm is taken on, changed and let go; each calls its service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps.nodes.forms.standalone import StandaloneForm
from apps.nodes.models import Cluster
from apps.nodes.selectors import clusters_visible_to
from apps.nodes.services import (
    add_standalone_swarm,
    change_standalone_swarm,
    forget_standalone_swarm,
    wish_of,
)
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Model]
else:
    Base = object

Save = Callable[[StandaloneForm, Origin], Cluster]


class StandalonePages(Base):
    """What the clusters' admin class adds to its lists."""

    list_before_template = "nodes/standalone_add.html"

    def get_urls(self) -> list[URLPattern]:
        """These pages before the theme's own."""
        view = self.admin_site.admin_view
        own = [
            path("standalone/", view(self.add_page), name="nodes_standalone_add"),
            path("<int:pk>/standalone/", view(self.change_page), name="nodes_standalone_change"),
            path("<int:pk>/forget/", view(self.forget_page), name="nodes_standalone_forget"),
        ]
        return own + super().get_urls()

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Take one on."""
        _require(request, "nodes.add_engineendpoint")
        form = StandaloneForm.of_wish(None, data=request.POST or None)

        def save(valid: StandaloneForm, origin: Origin) -> Cluster:
            return add_standalone_swarm(valid.wish(), origin=origin)

        return self._form_page(request, form, save, title=_("Add a standalone Swarm"))

    def change_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change its addresses, TLS files or key store."""
        _require(request, "nodes.change_engineendpoint")
        cluster = _cluster(request, pk)
        form = StandaloneForm.of_wish(wish_of(cluster), data=request.POST or None)

        def save(valid: StandaloneForm, origin: Origin) -> Cluster:
            return change_standalone_swarm(cluster, valid.wish(), origin=origin)

        title = _("Addresses of %(name)s") % {"name": cluster.name}
        return self._form_page(request, form, save, title=title)

    def forget_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what goes, then let it go."""
        _require(request, "nodes.delete_engineendpoint")
        cluster = _cluster(request, pk)
        if request.method == "POST":
            forget_standalone_swarm(cluster, origin=Origin.of_request(request))
            messages.success(request, _("%(name)s is not asked any more.") % {"name": cluster.name})
            return HttpResponseRedirect(reverse("admin:nodes_cluster_changelist"))
        title = _("Take %(name)s out of the portal") % {"name": cluster.name}
        return self._page(request, "nodes/standalone_forget.html", title=title, cluster=cluster)

    def _form_page(
        self, request: HttpRequest, form: StandaloneForm, save: Save, *, title: str
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                cluster = save(form, Origin.of_request(request))
            except PortalError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                page = reverse("admin:nodes_cluster_change", args=[cluster.pk])
                return HttpResponseRedirect(page)
        return self._page(request, "nodes/standalone_form.html", title=title, form=form)

    def _page(self, request: HttpRequest, template: str, **context: object) -> HttpResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**everywhere, **context})


def _require(request: HttpRequest, permission: str) -> None:
    if not cast("Any", request.user).has_perm(permission):
        raise PermissionDenied


def _cluster(request: HttpRequest, pk: int) -> Cluster:
    """The standalone Swarm, for a person who may see clusters."""
    rows = clusters_visible_to(cast("Any", request.user))
    cluster = rows.filter(pk=pk, kind=Cluster.Kind.STANDALONE).first()
    if cluster is None:
        raise Http404
    return cluster
