"""The one page on which a person reads what an action will do and confirms it; it leads to the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps.nodes.actions.registry import (
    Action,
    Wish,
    action_of,
    actions_for,
    bulk_actions_for,
    start_action,
)
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

MOST_ROWS = 500
NAME_FIELD = "typed_name"
LOOK_AGAIN = "look_again"


@dataclass(frozen=True, slots=True)
class Button:
    """An action as a page offers it."""

    name: str
    label: str
    url: str


def action_buttons(user: Any, row: Model) -> list[Button]:  # noqa: ANN401 - a person or a visitor
    """What the person may do to the row, each with the address of its page."""
    return [
        Button(action.name, str(action.label), action_url(action, row))
        for action in actions_for(user, row)
    ]


def action_url(action: Action, row: Model) -> str:
    """The page of an action on one row."""
    return reverse(f"admin:{_prefix(action.model)}_action", args=[row.pk, action.name])


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


class ActionPages:
    """What an admin class adds to its pages and its list to offer the registered actions of its model."""

    admin_site: admin.AdminSite
    model: type[Model]

    def action_page(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """One row's action."""
        action = self._action(request, name, takes_many=False)
        row = self._rows(request).filter(pk=pk).first()
        if row is None or not action.is_possible(row):
            raise Http404
        back = reverse(f"admin:{_prefix(self.model)}_change", args=[row.pk])
        return _Page(self.admin_site, request, action, row, back).answer()

    def bulk_action_page(self, request: HttpRequest, name: str) -> HttpResponse:
        """An action on the rows that the address names (`?row=1&row=2`)."""
        action = self._action(request, name, takes_many=True)
        keys = [key for key in request.GET.getlist("row") if key.isascii() and key.isdigit()]
        rows = tuple(self._rows(request).filter(pk__in=keys[:MOST_ROWS]))
        if not rows:
            raise Http404
        back = reverse(f"admin:{_prefix(self.model)}_changelist")
        if cannot := [str(row) for row in rows if not action.is_possible(row)]:
            sentence = _("This cannot be done to %(names)s. Choose the others without them.")
            messages.error(request, sentence % {"names": ", ".join(cannot[:10])})
            return HttpResponseRedirect(back)
        return _Page(self.admin_site, request, action, rows, back).answer()

    def action_urls(self) -> list[URLPattern]:
        """The addresses of both pages, to stand before the theme's own."""
        view, prefix = self.admin_site.admin_view, _prefix(self.model)
        return [
            path("<int:pk>/do/<slug:name>/", view(self.action_page), name=f"{prefix}_action"),
            path("do/<slug:name>/", view(self.bulk_action_page), name=f"{prefix}_bulk_action"),
        ]

    def get_urls(self) -> list[URLPattern]:
        """With the actions' pages."""
        return self.action_urls() + list(cast("Any", super()).get_urls())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What the list does with the rows that are ticked: it leads to the action's page."""
        known = dict(cast("Any", super()).get_actions(request))
        for action in bulk_actions_for(cast("Any", request.user), self.model):
            known[action.name] = (_leads_to(action), action.name, str(action.label))
        return known

    def _action(self, request: HttpRequest, name: str, *, takes_many: bool) -> Action:
        action = action_of(self.model, name)
        if action is None or action.takes_many is not takes_many:
            raise Http404
        may_see = cast("Any", self).has_view_permission(request)
        if not may_see or not cast("Any", request.user).has_perm(action.permission):
            raise PermissionDenied
        return action

    def _rows(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = cast("Any", self).get_queryset(request)
        related = cast("Any", self).list_select_related
        return rows.select_related(*related) if related else rows


def _leads_to(action: Action) -> Callable[..., HttpResponse]:
    def go(_admin: object, _request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
        keys = list(rows.values_list("pk", flat=True)[:MOST_ROWS])
        address = reverse(f"admin:{_prefix(action.model)}_bulk_action", args=[action.name])
        return HttpResponseRedirect(f"{address}?{urlencode({'row': keys}, doseq=True)}")

    return go


@dataclass(slots=True)
class _Page:
    """One request for an action's page."""

    site: admin.AdminSite
    request: HttpRequest
    action: Action
    subject: Any
    back: str
    problem: str = ""

    def answer(self) -> HttpResponse:
        """Show what it will do, or do it once that was confirmed."""
        form = self._form()
        is_sent = self.request.method == "POST" and LOOK_AGAIN not in self.request.POST
        if is_sent and (form is None or form.is_valid()) and self._is_confirmed(form):
            started = self._start(form)
            if started is not None:
                return started
        return self._shown(form)

    def _form(self) -> forms.Form | None:
        if self.action.form is None:
            return None
        initial = dict(self.action.initial(self.subject))
        return self.action.form(self.request.POST or None, initial=initial)

    def _is_confirmed(self, form: forms.Form | None) -> bool:
        typed = self.request.POST.get(NAME_FIELD, "").strip()
        needs_name = self.action.preview(self.subject, _wish_so_far(form)).needs_name
        if needs_name and typed != str(self.subject):
            self.problem = _("Type the name exactly as it stands above. Nothing was started.")
        return not self.problem

    def _start(self, form: forms.Form | None) -> HttpResponse | None:
        wish = {} if form is None else form.cleaned_data
        origin = Origin.of_request(self.request)
        try:
            operation = start_action(self.action, self.subject, wish=wish, origin=origin)
        except PortalError as error:
            self._explain(error, form)
            return None
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))

    def _explain(self, error: PortalError, form: forms.Form | None) -> None:
        if form is not None and error.field in form.fields:
            form.add_error(error.field, error.message)
        else:
            self.problem = error.message

    def _shown(self, form: forms.Form | None) -> HttpResponse:
        preview = self.action.preview(self.subject, _wish_so_far(form))
        context = {
            **self.site.each_context(self.request),
            "title": preview.title,
            "preview": preview,
            "form": form,
            # The same sentence as the block's own need not stand there twice.
            "problem": "" if self.problem == preview.blocked else self.problem,
            "name": str(self.subject),
            "name_field": NAME_FIELD,
            "look_again": LOOK_AGAIN,
            "back": self.back,
        }
        return TemplateResponse(self.request, "nodes/action.html", context)


def _wish_so_far(form: forms.Form | None) -> Wish:
    """What was filled in where it can be used, else what the form begins with."""
    if form is None:
        return {}
    if form.is_bound and form.is_valid():
        return form.cleaned_data
    begins: Mapping[str, Any] = {
        name: form.get_initial_for_field(field, name) for name, field in form.fields.items()
    }
    return begins
