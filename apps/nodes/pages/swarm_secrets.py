"""The page on which a Swarm's join tokens and unlock key are shown: on demand, noted, and never cached."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from apps.nodes import backends
from apps.nodes.actions.swarm import MANAGE
from apps.nodes.models import Cluster
from apps.nodes.ports import Capability
from apps.nodes.selectors import clusters_visible_to
from apps.nodes.services import show_join_tokens, show_unlock_key
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

TOKENS, UNLOCK_KEY = "tokens", "unlock-key"


class SecretPages:
    """What the cluster's admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """With the page of the secrets."""
        view = self.admin_site.admin_view(self.secrets_page)
        own = [path("<int:pk>/secrets/", view, name="nodes_cluster_secrets")]
        return own + list(cast("Any", super()).get_urls())

    @method_decorator(never_cache)
    @method_decorator(sensitive_variables())
    def secrets_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what the secrets are; show one of them once that is asked for."""
        cluster = _cluster(request, pk)
        shown = _shown(request, cluster) if request.method == "POST" else {}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Secrets of %(cluster)s") % {"cluster": cluster.name},
            "cluster": cluster,
            **shown,
        }
        return TemplateResponse(request, "nodes/secrets.html", context)


def may_see_secrets(user: Any, cluster: Cluster) -> bool:  # noqa: ANN401 - a person or a visitor
    """Whether the person has the right, and the cluster such secrets."""
    has_tokens = Capability.JOIN_TOKENS in backends.capabilities_of(cluster)
    return has_tokens and bool(user.has_perm(MANAGE))


def _cluster(request: HttpRequest, pk: int) -> Cluster:
    user = cast("Any", request.user)
    if not user.has_perm(MANAGE):
        raise PermissionDenied
    cluster = clusters_visible_to(user).filter(pk=pk).first()
    if cluster is None or not may_see_secrets(user, cluster):
        raise Http404
    return cluster


def _shown(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    origin = Origin.of_request(request)
    try:
        if request.POST.get("show") == TOKENS:
            return {"join": show_join_tokens(cluster=cluster, origin=origin)}
        if request.POST.get("show") == UNLOCK_KEY:
            key = show_unlock_key(cluster=cluster, origin=origin)
            return {"unlock_key": key.reveal(), "has_no_key": not key.reveal()}
    except PortalError as error:
        return {"problem": error.message}
    return {}
