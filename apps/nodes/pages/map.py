"""The cluster's map: a column a node, with what runs there as tiles; it moves with the live line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.metrics.selectors import may_watch_cluster, toned_node_rows
from apps.nodes.models import Cluster
from apps.nodes.selectors import clusters_visible_to
from apps.workloads import tiles
from apps.workloads.tiles import Shelf, Wish

MOST_COLUMNS = 400


class MapPage:
    """What the cluster's admin class adds to its pages."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """With the map's address before the theme's own."""
        view = self.admin_site.admin_view(self.map_page)
        own = path("<int:pk>/map/", view, name="nodes_cluster_map")
        return [own, *cast("Any", super()).get_urls()]

    def map_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything at once from the database; the address keeps the filters, so it can be shared."""
        user = cast("Any", request.user)
        cluster = clusters_visible_to(user).filter(pk=pk).first()
        if cluster is None or not user.has_perm("nodes.view_node"):
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("Map of %(cluster)s") % {"cluster": cluster.name},
            "cluster": cluster,
            "may_watch": may_watch_cluster(user),
            **_map(user, cluster, request),
        }
        return TemplateResponse(request, "nodes/map.html", context)


def _map(user: User, cluster: Cluster, request: HttpRequest) -> dict[str, Any]:
    asked = request.GET
    wish = Wish(service=asked.get("service", "")[:250], state=asked.get("state", "")[:32])
    label = asked.get("label", "")[:250]
    found = tiles.shelves(user, cluster, wish)
    rows = [row for row in toned_node_rows(user, cluster) if _has_label(row["node"].labels, label)]
    rows.sort(key=lambda row: row["node"].hostname)
    return {
        "columns": [
            {**row, "shelf": found.get(row["ref"], Shelf())} for row in rows[:MOST_COLUMNS]
        ],
        "more_nodes": max(0, len(rows) - MOST_COLUMNS),
        "waiting": found.get(None),
        "choices": tiles.choices(user, cluster),
        "labels": _label_choices(rows, label),
        "wish": wish,
        "label": label,
        "is_filtered": bool(wish.service or wish.state or label),
    }


def _has_label(labels: dict[str, str], wanted: str) -> bool:
    """`zone` is any value of it, `zone=a` just this one; nothing wanted is every node."""
    name, separator, value = wanted.partition("=")
    return not name or (name in labels and (not separator or labels[name] == value))


def _label_choices(rows: Sequence[dict[str, Any]], chosen: str) -> list[str]:
    known = {f"{name}={value}" for row in rows for name, value in row["node"].labels.items()}
    return sorted(known | {chosen} - {""})[:200]
