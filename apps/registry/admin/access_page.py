"""The page "Access" of a namespace: who may do what, where each right comes from, and "may X push Y?"."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps.registry import selectors
from apps.registry.access import COLUMNS, access_table
from apps.registry.access_check import KINDS, Question, Verdict, verdict_for
from apps.registry.models import Namespace, Repository
from dce_portal.errors import PortalError

LONGEST_NAME = 255


class AccessPages:
    """What the namespaces' admin class adds to its pages."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """This page before the theme's own."""
        view = self.admin_site.admin_view(self.access_view)
        own = [path("<int:pk>/access/", view, name="registry_namespace_access")]
        return [*own, *cast("Any", super()).get_urls()]

    def access_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The table, and the answer to a question; for owners of the namespace."""
        namespace = selectors.namespaces_visible_to(request.user).filter(pk=pk).first()
        if namespace is None:
            raise Http404
        if not selectors.may_manage(request.user, namespace):
            raise PermissionDenied
        repository = _repository(request, namespace)
        search = _text(request, "q")
        context = {
            **self.admin_site.each_context(request),
            **_words(),
            "title": _("Access to %(name)s") % {"name": (repository or namespace).name},
            "opts": self.opts,
            "namespace": namespace,
            "repository": repository,
            "repositories": namespace.repositories.order_by("name")[:200],
            "search": search,
            "table": access_table(namespace, repository=repository, search=search),
            "asked": _asked(request, namespace),
            "verdict": _verdict(request, namespace),
            "robots_address": reverse("admin:registry_robot_changelist"),
        }
        return TemplateResponse(request, "registry/access.html", context)


def _words() -> dict[str, Any]:
    actions = {"pull": _("pull"), "push": _("push"), "delete": _("delete"), "manage": _("manage")}
    kinds = {
        "person": _("person"),
        "team": _("team"),
        "robot": _("robot"),
        "anyone": _("anyone without signing in"),
    }
    return {
        "columns": [(name, actions[name]) for name in COLUMNS],
        "kinds": [(name, kinds[name]) for name in KINDS],
        "kind_words": {**kinds, "everyone": ""},
    }


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_NAME]


def _repository(request: HttpRequest, namespace: Namespace) -> Repository | None:
    name = _text(request, "on")
    if not name:
        return None
    repository = namespace.repositories.filter(name=name).first()
    if repository is None:
        raise Http404
    return repository


def _asked(request: HttpRequest, namespace: Namespace) -> Question:
    kind, action = _text(request, "kind"), _text(request, "action")
    return Question(
        kind=kind if kind in KINDS else "person",
        who=_text(request, "who"),
        action=action if action in COLUMNS else "push",
        repository=_text(request, "repository") or f"{namespace.name}/",
    )


def _verdict(request: HttpRequest, namespace: Namespace) -> Verdict | None:
    if "who" not in request.GET:
        return None
    try:
        return verdict_for(request.user, _asked(request, namespace))
    except PortalError as error:
        return Verdict(is_allowed=False, reasons=[error.message])
