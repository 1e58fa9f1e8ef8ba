"""The pages on which a person confirms a change of a node; each calls the service and leads to its operation."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.nodes.forms import LabelsForm, as_lines
from apps.nodes.models import Node
from apps.nodes.ports import NodeChange
from apps.nodes.selectors import nodes_visible_to, operable_node, what_would_move
from apps.nodes.services import request_node_change
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

TITLES = {
    "drain": _("Drain %(node)s"),
    "pause": _("Pause %(node)s"),
    "active": _("Activate %(node)s"),
}


class NodePages:
    """What the node's admin class adds to its lists."""

    admin_site: admin.AdminSite

    def availability_page(self, request: HttpRequest, pk: int, availability: str) -> HttpResponse:
        """Say what will move, then do it."""
        node = _node(request, pk)
        if availability not in TITLES:
            raise Http404
        if request.method == "POST":
            return _start(request, node, NodeChange(availability=availability))
        context = {
            **self.admin_site.each_context(request),
            "title": TITLES[availability] % {"node": node.hostname},
            "node": node,
            "availability": availability,
            "moving": what_would_move(node) if availability == "drain" else [],
        }
        return TemplateResponse(request, "nodes/confirm_availability.html", context)

    def labels_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Edit the labels as lines of text."""
        node = _node(request, pk)
        form = LabelsForm(request.POST or None, initial={"labels": as_lines(node.labels)})
        if request.method == "POST" and form.is_valid():
            try:
                return _started(request, node, NodeChange(labels=form.cleaned_data["labels"]))
            except PortalError as error:
                form.add_error("labels", error.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Labels of %(node)s") % {"node": node.hostname},
            "node": node,
            "form": form,
        }
        return TemplateResponse(request, "nodes/edit_labels.html", context)


def _node(request: HttpRequest, pk: int) -> Node:
    """The node, for a person who may operate it; a single engine has no such page."""
    user = cast("Any", request.user)
    if not user.has_perm("nodes.operate_node"):
        raise PermissionDenied
    node = nodes_visible_to(user).filter(pk=pk).first()
    if node is None or not operable_node(user, node):
        raise Http404
    return node


def _start(request: HttpRequest, node: Node, change: NodeChange) -> HttpResponse:
    try:
        return _started(request, node, change)
    except PortalError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:nodes_node_change", args=[node.pk]))


def _started(request: HttpRequest, node: Node, change: NodeChange) -> HttpResponse:
    operation = request_node_change(node=node, change=change, origin=Origin.of_request(request))
    return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))
