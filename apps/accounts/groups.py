"""The three ready-made groups; an administrator may change them afterwards, nothing changes them back.

They are made after `migrate` rather than in a migration, because permissions are. A right that is
new with a version goes to the groups that were made before it, once: what a group was offered is
remembered, so that a right which an administrator took away stays away.
"""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from apps.accounts.group_models import OfferedRight

PORTAL_APPS = (
    "portal",
    "accounts",
    "nodes",
    "workloads",
    "registry",
    "metrics",
    "alerts",
    "interop",
    "policies",
    "webhooks",
    "replication",
    "scanning",
    "forwarding",
)
WATCHED_APPS = ("nodes", "workloads", "metrics", "alerts")

_viewing = Q(content_type__app_label__in=WATCHED_APPS, codename__startswith="view_")
_operating = (
    _viewing
    | Q(content_type__app_label="nodes", codename="operate_node")
    | Q(content_type__app_label="nodes", content_type__model="engineendpoint")
    | Q(content_type__app_label="alerts", codename="acknowledge_alert")
    | Q(content_type__app_label="registry", codename="check_registry")
    | Q(content_type__app_label="portal", codename="view_operation")
    | Q(content_type__app_label="scanning", codename="start_scan")
    | Q(content_type__app_label="metrics", codename="change_retention")
    | Q(content_type__app_label="alerts", content_type__model="silence")
    | Q(content_type__app_label="alerts", codename__in=("test_channel", "change_delivery"))
)
_administering = Q(content_type__app_label__in=PORTAL_APPS) | Q(
    content_type__app_label="auth", content_type__model="group"
)
RIGHTS = {"viewer": _viewing, "operator": _operating, "administrator": _administering}


def make_groups(*, using: str) -> None:
    """Make the groups that are missing, and give each the rights that it was never offered."""
    for label in (*PORTAL_APPS, "auth"):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name, rights in RIGHTS.items():
        group, _is_new = Group.objects.using(using).get_or_create(name=name)
        _offer(group, rights, using=using)


def _offer(group: Group, rights: Q, *, using: str) -> None:
    offers = OfferedRight.objects.using(using)
    offered = offers.filter(group=group).values("permission")
    new = list(Permission.objects.using(using).filter(rights).exclude(pk__in=offered))
    group.permissions.add(*new)
    offers.bulk_create(OfferedRight(group=group, permission=permission) for permission in new)
