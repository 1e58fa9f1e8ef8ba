"""The ready-made groups."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from apps.accounts.groups import make_groups
from apps.accounts.models import OfferedRight

pytestmark = pytest.mark.django_db


def test_each_group_has_its_rights_and_no_more(viewer, operator, administrator):
    assert viewer.has_perm("nodes.view_node")
    assert viewer.has_perm("workloads.view_container")
    assert not viewer.has_perm("nodes.operate_node")
    assert not viewer.has_perm("registry.view_repository")
    assert not viewer.has_perm("accounts.view_auditevent")
    assert operator.has_perms(["nodes.operate_node", "nodes.add_engineendpoint"])
    assert not operator.has_perm("accounts.view_user")
    assert administrator.has_perms(["accounts.change_user", "registry.add_grant"])
    assert not administrator.is_superuser


def test_a_group_that_an_administrator_changed_stays_as_it_is():
    Group.objects.get(name="viewer").permissions.clear()
    Group.objects.get(name="operator").delete()
    make_groups(using="default")
    assert not Group.objects.get(name="viewer").permissions.exists()
    assert Group.objects.get(name="operator").permissions.exists()


def test_a_right_that_is_new_goes_to_groups_that_were_made_before_it():
    viewer = Group.objects.get(name="viewer")
    new = Permission.objects.create(
        codename="view_novelty",
        name="May see what is new",
        content_type=ContentType.objects.get_by_natural_key("nodes", "node"),
    )
    make_groups(using="default")
    assert viewer.permissions.filter(pk=new.pk).exists()
    viewer.permissions.remove(new)
    make_groups(using="default")
    assert not viewer.permissions.filter(pk=new.pk).exists()


def test_a_right_that_somebody_gave_stays():
    viewer, extra = Group.objects.get(name="viewer"), Permission.objects.get(codename="add_team")
    viewer.permissions.add(extra)
    make_groups(using="default")
    assert viewer.permissions.filter(pk=extra.pk).exists()


def test_an_upgrade_remembers_what_the_groups_were_offered_and_gives_what_is_newer():
    """As it was before the portal remembered: an operator took a right away, a version brings another."""
    viewer = Group.objects.get(name="viewer")
    taken = Permission.objects.get(codename="view_node", content_type__app_label="nodes")
    viewer.permissions.remove(taken)
    OfferedRight.objects.all().delete()
    migration = import_module("apps.accounts.migrations.0002_tokens_places_and_rotation")
    migration.remember_what_groups_were_offered(apps, SimpleNamespace(connection=connection))
    new = Permission.objects.create(
        codename="view_novelty", name="May see what is new", content_type=taken.content_type
    )
    make_groups(using="default")
    assert not viewer.permissions.filter(pk=taken.pk).exists()
    assert viewer.permissions.filter(pk=new.pk).exists()
