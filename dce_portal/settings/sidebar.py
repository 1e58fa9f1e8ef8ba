"""The sidebar: groups of pages, each shown to those who may open it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def sidebar(_request: HttpRequest) -> list[dict[str, Any]]:
    """What the theme copies for every page: the groups with their addresses worked out."""
    return _addressed()


@cache
def _addressed() -> list[dict[str, Any]]:
    return [
        {**group, "items": [{**item, "link": str(item["link"])} for item in group["items"]]}
        for group in navigation()
    ]


def navigation() -> list[dict[str, Any]]:
    """Every group; an item whose right the person lacks is left out by the theme."""
    return [
        {"items": [_page(_("Dashboard"), "space_dashboard", "admin:index")]},
        _group(
            _("Cluster"),
            _list(_("Clusters"), "lan", "nodes", "cluster"),
            _list(_("Nodes"), "dns", "nodes", "node"),
            _list(_("Add nodes"), "add_circle", "nodes", "jointoken"),
            _list(_("Services"), "apps", "workloads", "service"),
            _list(_("Stacks"), "stacks", "workloads", "stack"),
            _list(_("Tasks"), "task_alt", "workloads", "task"),
            _list(_("Containers"), "deployed_code", "workloads", "container"),
            _list(_("Images on nodes"), "layers", "workloads", "engineimage"),
            _list(_("Engine addresses"), "settings_ethernet", "nodes", "engineendpoint"),
            _list(_("Agent certificates"), "verified_user", "nodes", "agentcertificate"),
        ),
        _group(
            _("Alerts"),
            {
                **_page(_("What is wrong now"), "notifications_active", "admin:alerts_open"),
                "permission": _may_view("alerts", "alert"),
            },
            _list(_("Alert rules"), "rule", "alerts", "alertrule"),
            {
                **_list(_("Alert history"), "history", "alerts", "alert"),
                "active": _is_in_history,
            },
            _list(_("Channels"), "campaign", "alerts", "channel"),
            _list(_("Routes"), "alt_route", "alerts", "route"),
            _list(_("Silences"), "notifications_off", "alerts", "silence"),
            _list(_("Quiet hours"), "bedtime", "alerts", "quiethours"),
            _list(_("Deliveries"), "outgoing_mail", "alerts", "delivery"),
            _list(_("Heartbeat"), "monitor_heart", "alerts", "heartbeat"),
        ),
        _group(
            _("Usage"),
            _list(_("Right-sizing"), "straighten", "metrics", "servicesizing"),
            _list(_("Outlook"), "trending_up", "metrics", "outlook"),
            _list(_("Retention"), "auto_delete", "metrics", "retention"),
        ),
        _group(
            _("Registry"),
            _page(_("Search images"), "search", "admin:registry_search"),
            _list(_("Namespaces"), "folder", "registry", "namespace"),
            {
                **_list(_("Repositories"), "inventory_2", "registry", "repository"),
                "active": _is_in_repositories,
            },
            _list(_("Tags"), "sell", "registry", "tag"),
            {
                **_page(_("Registry storage"), "hard_drive", "admin:registry_storage"),
                "permission": _is_superuser,
            },
            _list(_("Grants"), "key", "registry", "grant"),
            _list(_("Robots"), "smart_toy", "registry", "robot"),
            _list(_("Docker logins"), "login", "registry", "dockerlogin"),
            {
                **_list(_("Registry events"), "inbox", "registry", "registryevent"),
                "active": _is_in_events,
            },
            {
                **_page(
                    pgettext_lazy("of the registry", "Check"), "fact_check", "admin:registry_check"
                ),
                "permission": _may("registry.check_registry"),
            },
        ),
        _group(
            _("Registry policies"),
            _list(_("Tag rules"), "lock", "policies", "tagrule"),
            _list(_("Image rules"), "filter_alt", "policies", "imagerule"),
            _list(_("Quotas"), "data_usage", "policies", "quota"),
            _list(_("Retention of tags"), "auto_delete", "policies", "retentionrule"),
            _list(_("Garbage collection"), "recycling", "policies", "collection"),
            _list(_("Vulnerabilities"), "bug_report", "scanning", "scanreport"),
            _list(_("Scan policies"), "shield", "scanning", "scanpolicy"),
        ),
        _group(
            _("Registry exchange"),
            _list(_("Replication"), "sync_alt", "replication", "replicationrule"),
            _list(_("Other registries"), "dns", "replication", "remoteregistry"),
            _list(_("Cache namespaces"), "cloud_download", "replication", "cachenamespace"),
            _list(_("Webhooks"), "webhook", "webhooks", "webhook"),
        ),
        _group(
            _("Access"),
            _list(_("People"), "person", "accounts", "user"),
            _list(_("Teams"), "group", "accounts", "team"),
            _list(_("Personal tokens"), "vpn_key", "accounts", "personaltoken"),
            _page(_("My security"), "shield_person", "security:home"),
            _list(_("Audit"), "policy", "accounts", "auditevent"),
            _list(_("Receivers of the audit"), "forward_to_inbox", "forwarding", "forward"),
            _list(_("Operations"), "play_circle", "portal", "operation"),
            _list(_("Remote write"), "upload", "interop", "remotewrite"),
        ),
    ]


def _group(title: Promise | str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": False, "items": list(items)}


def _page(title: Promise | str, icon: str, view: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(view)}


def _list(title: Promise | str, icon: str, app: str, model: str) -> dict[str, Any]:
    item = _page(title, icon, f"admin:{app}_{model}_changelist")
    return {**item, "permission": _may_view(app, model)}


def _is_in_history(request: HttpRequest) -> bool:
    """What is wrong now has its address below the history's, and an item of its own."""
    open_page, history = (
        str(reverse_lazy(f"admin:alerts_{name}")) for name in ("open", "alert_changelist")
    )
    return request.path.startswith(history) and request.path != open_page


def _is_in_events(request: HttpRequest) -> bool:
    """The check has its address below the events', and an item of its own."""
    check, events = (
        str(reverse_lazy(f"admin:registry_{name}"))
        for name in ("check", "registryevent_changelist")
    )
    return request.path.startswith(events) and not request.path.startswith(check)


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    """Ask for one right."""
    return lambda request: request.user.has_perm(permission)


def _is_in_repositories(request: HttpRequest) -> bool:
    """Search and storage have their addresses below the list's, and items of their own."""
    below, others = _below_repositories()
    return request.path.startswith(below) and request.path not in others


def _below_repositories() -> tuple[str, set[str]]:
    others = {str(reverse_lazy(f"admin:registry_{name}")) for name in ("search", "storage")}
    return str(reverse_lazy("admin:registry_repository_changelist")), others


def _is_superuser(request: HttpRequest) -> bool:
    """For pages that count what nobody else may see whole."""
    return bool(request.user.is_active and request.user.is_superuser)


def _may_view(app: str, model: str) -> Callable[[HttpRequest], bool]:
    """Ask the admin class itself, which may show a person's own rows without the plain permission."""

    def permission(request: HttpRequest) -> bool:
        from django.apps import apps
        from django.contrib import admin

        model_admin = admin.site.get_model_admin(apps.get_model(app, model))
        return bool(model_admin.has_view_or_change_permission(request))

    return permission
