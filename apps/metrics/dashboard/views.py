"""The part of the dashboard that a browser reads anew by itself: who is busiest by memory or network."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.metrics.dashboard.board import chosen_of
from apps.metrics.dashboard.busiest import busiest_of
from apps.metrics.dashboard.wish import read_wish
from apps.nodes.selectors import clusters_visible_to, nodes_visible_to


@require_GET
@login_required
def busiest(request: HttpRequest) -> HttpResponse:
    """The card alone, for `?cluster=1&by=memory`."""
    user, wish = cast("User", request.user), read_wish(request.GET)
    cluster = chosen_of(list(clusters_visible_to(user)), wish.cluster)
    if cluster is None:
        raise Http404
    names = dict(nodes_visible_to(user).filter(cluster=cluster).values_list("pk", "hostname"))
    found = busiest_of(user, cluster, by=wish.by, names=names, at=timezone.now())
    return render(request, "dashboard/busiest.html", {"busiest": found})
