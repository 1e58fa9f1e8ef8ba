"""Other registries, replication rules and cache namespaces in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.replication.forms.rules import (
    CacheNamespaceForm,
    RemoteRegistryForm,
    ReplicationRuleForm,
)
from apps.replication.models import CacheNamespace, RemoteRegistry, ReplicationRule
from apps.replication.services.caching import delete_cache, save_cache, start_fetch
from apps.replication.services.rules import delete_row, save_remote, save_rule
from apps.replication.services.running import start_rule
from dce_portal.admin_site import ModelAdmin, display
from dce_portal.errors import PortalError
from dce_portal.models import Operation
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import NOTHING, SHAPES, ago

TONES = {"": "off", "done": "good", "partly": "late", "failed": "bad"}
LABELS = {"": "", "done": "success", "partly": "warning", "failed": "danger"}
REMOTE_ASKED = ("name", "url", "username", "secret", "ca_pem")


class DeletingAdmin(ModelAdmin):
    """Lets the service delete and audit, one row or several."""

    audits_itself = True

    def take_out(self, row: Any, origin: Origin) -> None:
        """By the service."""
        delete_row(row, origin=origin)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """One."""
        self.take_out(obj, Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Each of them."""
        for row in queryset:
            self.take_out(row, Origin.of_request(request))


@admin.register(RemoteRegistry)
class RemoteRegistryAdmin(DeletingAdmin):
    """Where images go to or come from."""

    form = RemoteRegistryForm
    list_display = ("name", "url", "username", "rules_count")
    search_fields = ("name", "url")
    list_before_template = "replication/remotes_before.html"

    def get_fields(self, request: HttpRequest, obj: RemoteRegistry | None = None) -> Any:
        """The secret is asked for by those who may change it."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("name", "url", "username", "ca_pem")
        forget = () if obj is None else ("forget_secret",)
        return (*REMOTE_ASKED[:4], *forget, "ca_pem")

    def save_model(
        self, request: HttpRequest, obj: RemoteRegistry, form: Any, change: bool
    ) -> None:
        """Let the service seal, write and audit."""
        before = RemoteRegistry.objects.get(pk=obj.pk) if change else RemoteRegistry()
        values = {name: form.cleaned_data[name] for name in RemoteRegistryForm.Meta.fields}
        origin = Origin.of_request(request)
        saved = save_remote(before, values, secret=form.secret_wish(), origin=origin)
        obj.pk, obj.sealed_secret = saved.pk, saved.sealed_secret

    @admin.display(description=_("rules"))
    def rules_count(self, row: RemoteRegistry) -> SafeString:
        """Their list."""
        address = reverse("admin:replication_replicationrule_changelist")
        link = '<a class="dce-link" href="{}?remote__id__exact={}">{}</a>'
        return format_html(link, address, row.pk, _("show"))


@admin.register(ReplicationRule)
class ReplicationRuleAdmin(DeletingAdmin):
    """What goes where, when, and how the last run ended."""

    form = ReplicationRuleForm
    list_display = ("name", "way", "repositories", "tags", "when", "standing", "last_run")
    list_filter = ("direction", "remote", "is_active")
    list_select_related = ("remote",)
    search_fields = ("name", "repositories")
    list_before_template = "replication/rules_before.html"
    change_form_outer_after_template = "replication/rule_after.html"
    readonly_fields = ("standing", "last_said", "last_run", "last_operation")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked for; below it, once there is something, how it stands."""
        asked = ReplicationRuleForm.Meta.fields
        if obj is None:
            return [(None, {"fields": asked})]
        return [
            (None, {"fields": asked}),
            (_("How it stands"), {"fields": self.readonly_fields}),
        ]

    def save_model(
        self, request: HttpRequest, obj: ReplicationRule, form: Any, change: bool
    ) -> None:
        """Let the service write and audit."""
        before = ReplicationRule.objects.get(pk=obj.pk) if change else ReplicationRule()
        values = {name: form.cleaned_data[name] for name in ReplicationRuleForm.Meta.fields}
        obj.pk = save_rule(before, values, origin=Origin.of_request(request)).pk

    def get_urls(self) -> list[URLPattern]:
        """The button that starts a run."""
        view = self.admin_site.admin_view(require_POST(self.run_view))
        name = "replication_replicationrule_run"
        return [path("<int:pk>/run/", view, name=name), *super().get_urls()]

    def run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start a run and follow it."""
        rule = get_object_or_404(ReplicationRule, pk=pk)
        if not self.has_change_permission(request, rule):
            raise PermissionDenied
        return _followed(self, request, lambda origin: start_rule(rule, origin=origin))

    @display(description=_("how it ended"), ordering="last_outcome", label=LABELS)
    def standing(self, row: ReplicationRule) -> tuple[str, str]:
        """A shape and a word."""
        return row.last_outcome, f"{SHAPES[TONES[row.last_outcome]]} {_outcome(row)}"

    @display(description=_("way"), ordering="direction")
    def way(self, row: ReplicationRule) -> str:
        """To or from whom."""
        return f"→ {row.remote}" if row.direction == "push" else f"← {row.remote}"

    @display(description=_("when"))
    def when(self, row: ReplicationRule) -> str:
        """What starts it."""
        if not row.is_active:
            return str(_("switched off"))
        words = [str(_("after each push"))] if row.on_push else []
        if row.every_minutes:
            words.append(str(_("every %(n)d min") % {"n": row.every_minutes}))
        return ", ".join([*words, *([row.cron] if row.cron else [])]) or str(_("by hand"))

    @display(description=_("last run"), ordering="last_started_at")
    def last_run(self, row: ReplicationRule) -> str | SafeString:
        """How long ago."""
        return ago(row.last_started_at) if row.last_started_at else NOTHING

    @display(description=_("last operation"))
    def last_operation(self, row: ReplicationRule) -> str | SafeString:
        """Its page, with what became of each tag."""
        runs = Operation.objects.filter(target_kind="replicationrule", target_id=str(row.pk))
        operation = runs.first()
        if operation is None:
            return NOTHING
        address = reverse("admin:portal_operation_change", args=[operation.pk])
        link = '<a class="dce-link" href="{}">{}</a>'
        return format_html(link, address, operation.get_state_display())


@admin.register(CacheNamespace)
class CacheNamespaceAdmin(DeletingAdmin):
    """Namespaces that are filled from upstream."""

    form = CacheNamespaceForm
    list_display = ("namespace", "remote", "refresh_minutes", "is_active", "looked")
    list_select_related = ("namespace", "remote")
    search_fields = ("namespace__name",)
    autocomplete_fields = ()
    list_before_template = "replication/caches_before.html"
    change_form_outer_after_template = "replication/cache_after.html"

    def take_out(self, row: CacheNamespace, origin: Origin) -> None:
        """By the service."""
        delete_cache(row, origin=origin)

    def save_model(
        self, request: HttpRequest, obj: CacheNamespace, form: Any, change: bool
    ) -> None:
        """Let the service write and audit."""
        before = CacheNamespace.objects.get(pk=obj.pk) if change else CacheNamespace()
        values = {name: form.cleaned_data[name] for name in CacheNamespaceForm.Meta.fields}
        obj.pk = save_cache(before, values, origin=Origin.of_request(request)).pk

    def get_urls(self) -> list[URLPattern]:
        """The form that fetches an image."""
        view = self.admin_site.admin_view(require_POST(self.fetch_view))
        name = "replication_cachenamespace_fetch"
        return [path("<int:pk>/fetch/", view, name=name), *super().get_urls()]

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Fetch an image now and follow it."""
        cache = get_object_or_404(CacheNamespace.objects.select_related("namespace"), pk=pk)
        if not self.has_change_permission(request, cache):
            raise PermissionDenied
        image = request.POST.get("image", "")[:300]
        return _followed(self, request, lambda origin: start_fetch(cache, image, origin=origin))

    @display(description=_("last look upstream"), ordering="refreshed_at")
    def looked(self, row: CacheNamespace) -> str | SafeString:
        """How long ago."""
        return ago(row.refreshed_at) if row.refreshed_at else NOTHING


def _outcome(row: ReplicationRule) -> str:
    return str(row.get_last_outcome_display() or _("not run yet"))


def _followed(page: ModelAdmin, request: HttpRequest, start: Any) -> HttpResponse:
    """The operation's page, or this one with the reason why nothing was started."""
    try:
        operation = start(Origin.of_request(request))
    except PortalError as error:
        page.message_user(request, error.message, 40)
        back = request.path.rstrip("/").rpartition("/")[0]
        return HttpResponseRedirect(f"{back}/change/")
    return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))
