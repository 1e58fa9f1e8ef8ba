"""The rules' pages: the list with what each found lately, and the form with preview and try-out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.alerts.forms.rules import RuleForm
from apps.alerts.models import AlertRule, Severity
from apps.alerts.pages.words import tried_in_words, whole_in_words
from apps.alerts.selectors.board import rule_counts
from apps.alerts.selectors.history import fired_lately, try_out
from apps.alerts.selectors.preview import preview
from apps.alerts.selectors.visible import TONES, rules_visible_to
from apps.alerts.services import delete_rule, save_rule, switch_rule
from apps.alerts.services.deciding import MOST_OPEN_A_RULE
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

TRY = "try"
MOST_FIRINGS = 10


def rule_rows(rules: Iterable[AlertRule]) -> list[dict[str, Any]]:
    """Each rule in words, how often it fired lately, and what fires now: two more queries."""
    rules = list(rules)
    lately = fired_lately([rule.pk for rule in rules], now=timezone.now())
    now = rule_counts()
    return [
        {
            "rule": rule,
            "tone": TONES[Severity(rule.severity)] if rule.is_enabled else "off",
            "sentence": whole_in_words(rule),
            "fired": lately.get(rule.pk, 0),
            "firing": now[rule.pk],
            "is_capped": rule.is_enabled and rule.matched > MOST_OPEN_A_RULE,
        }
        for rule in rules
    ]


class RulePages:
    """What the rules' admin class shows in place of the theme's list and form."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """The switch before the theme's own addresses."""
        view = self.admin_site.admin_view(require_POST(self.switch_view))
        own = path("<int:pk>/switch/", view, name="alerts_alertrule_switch")
        return [own, *cast("Any", super()).get_urls()]

    def changelist_view(
        self, request: HttpRequest, *_args: object, **_kwargs: object
    ) -> HttpResponse:
        """All rules, those that are on first."""
        user = _may(request, "view")
        rules = rules_visible_to(user).order_by("-is_enabled", "object_kind", "name")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Alert rules"),
            "rows": rule_rows(rules),
            "most_open": MOST_OPEN_A_RULE,
            "may_add": user.has_perm("alerts.add_alertrule"),
            "may_change": user.has_perm("alerts.change_alertrule"),
        }
        return TemplateResponse(request, "alerts/rules.html", context)

    def add_view(self, request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
        """A new one; `?like=5` begins with another's answers."""
        user = _may(request, "add")
        like = request.GET.get("like", "")
        known = rules_visible_to(user).filter(pk=int(like)).first() if _is_key(like) else None
        rule = _copy(known) if known else _proposal()
        return self._form_page(request, rule, title=_("New alert rule"))

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object
    ) -> HttpResponse:
        """One that is there; whoever may not change it reads it and may try it."""
        user = _may(request, "view")
        rule = _rule(user, object_id)
        return self._form_page(request, rule, title=rule.title)

    def delete_view(
        self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object
    ) -> HttpResponse:
        """Only by the button of the rule's own page."""
        user = _may(request, "delete")
        rule = _rule(user, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:alerts_alertrule_change", args=[rule.pk]))
        try:
            delete_rule(rule, origin=Origin.of_request(request))
        except PortalError as error:
            messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:alerts_alertrule_changelist"))

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """On or off."""
        user = _may(request, "change")
        rule = _rule(user, str(pk))
        is_enabled = request.POST.get("on") == "1"
        switch_rule(rule, is_enabled=is_enabled, origin=Origin.of_request(request))
        return HttpResponseRedirect(reverse("admin:alerts_alertrule_changelist"))

    def _form_page(self, request: HttpRequest, rule: AlertRule, *, title: str) -> HttpResponse:
        user = cast("Any", request.user)
        needed = "change" if rule.pk else "add"
        may_save = user.has_perm(f"alerts.{needed}_alertrule")
        form = RuleForm(request.POST or None, instance=rule)
        is_valid = request.method == "POST" and form.is_valid()
        if is_valid and TRY not in request.POST:
            if not may_save:
                raise PermissionDenied
            if (answer := _saved(request, form)) is not None:
                return answer
        shown = form.instance if is_valid else rule
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "rule": rule,
            "form": form,
            "may_save": may_save,
            "may_delete": user.has_perm("alerts.delete_alertrule")
            and rule.pk
            and not rule.is_stock,
            "may_add": user.has_perm("alerts.add_alertrule"),
            **(_tried(shown) if is_valid or (rule.pk and request.method == "GET") else {}),
        }
        return TemplateResponse(request, "alerts/rule.html", context)


def _may(request: HttpRequest, verb: str) -> Any:  # noqa: ANN401 - the portal's own kind of user
    user = cast("Any", request.user)
    if not user.has_perm(f"alerts.{verb}_alertrule"):
        raise PermissionDenied
    return user


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _rule(user: Any, key: str) -> AlertRule:  # noqa: ANN401 - the portal's own kind of user
    rule = rules_visible_to(user).filter(pk=int(key)).first() if _is_key(key) else None
    if rule is None:
        raise Http404
    return rule


def _proposal() -> AlertRule:
    """What the empty form begins with: something that people often want, and that does not match everything."""
    return AlertRule(
        condition=AlertRule.Condition.THRESHOLD,
        metric="memory_bytes",
        object_kind="container",
        against=AlertRule.Against.LIMIT,
        value=90,
        for_s=300,
        min_samples=3,
    )


def _copy(rule: AlertRule) -> AlertRule:
    """The same answers under a name of its own."""
    rule.pk, rule.stock_key, rule.owner, rule.matched = None, None, None, 0
    rule.name = _("%(name)s (copy)") % {"name": rule.title[:100]}
    rule.words = rule.advice
    return rule


def _saved(request: HttpRequest, form: RuleForm) -> HttpResponse | None:
    """To the list; or back to the form with the sentence that says why not."""
    try:
        rule = save_rule(form.instance, origin=Origin.of_request(request))
    except PortalError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None
    messages.success(request, _("The rule “%(name)s” was saved.") % {"name": rule.title})
    return HttpResponseRedirect(reverse("admin:alerts_alertrule_changelist"))


def _tried(rule: AlertRule) -> dict[str, Any]:
    """What it watches now, and what it would have done in the last seven days."""
    seen, tried = preview(rule), try_out(rule)
    return {
        "seen": seen,
        "sentence": whole_in_words(rule),
        "most_open": MOST_OPEN_A_RULE,
        "is_capped": seen.troubled_count > MOST_OPEN_A_RULE,
        "tried": tried_in_words(rule, tried, most=MOST_FIRINGS),
    }
