"""The ready-made groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from apps.accounts.groups import make_groups

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
