"""Rows of stacks and volumes: made by what names them, gone with it, seen by those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.ports.upkeep import VolumeInfo
from apps.workloads.models import Stack, Volume
from apps.workloads.selectors import stacks_visible_to, volumes_visible_to
from apps.workloads.services import (
    ClusterRef,
    NodeRef,
    mirror_cluster,
    mirror_engine,
    mirror_volumes,
)
from tests.factories.cluster import NodeFactory, StackFactory, VolumeFactory
from tests.factories.infos import cluster_snapshot, container_info, engine_snapshot, service_info

pytestmark = pytest.mark.django_db


class World:
    """One cluster with one node, told of by its manager and by its engine."""

    def __init__(self) -> None:
        self.node = NodeFactory()
        self.at = timezone.now()

    def manager_tells(self, *stacks: str) -> None:
        services = tuple(service_info(f"s{n}", stack=name) for n, name in enumerate(stacks))
        self.at += timedelta(seconds=5)
        snapshot = cluster_snapshot(services=services, taken_at=self.at)
        mirror_cluster(ClusterRef(self.node.cluster_id, {}), snapshot=snapshot)

    def engine_tells(self, *stacks: str) -> None:
        containers = tuple(container_info(f"c{n}", stack=name) for n, name in enumerate(stacks))
        self.at += timedelta(seconds=5)
        snapshot = engine_snapshot(containers=containers, taken_at=self.at)
        reference = NodeRef(self.node.pk, self.node.cluster_id, source="unix:///x")
        mirror_engine(reference, snapshot=snapshot)

    @property
    def stacks(self) -> list[str]:
        rows = Stack.objects.filter(cluster=self.node.cluster)
        return list(rows.order_by("name").values_list("name", flat=True))


@pytest.fixture
def world() -> World:
    return World()


def test_services_and_containers_make_stacks_and_none_without_a_name(world: World) -> None:
    world.manager_tells("shop", "shop", "")
    world.engine_tells("blog", "")
    assert world.stacks == ["blog", "shop"]


def test_a_stack_keeps_its_row_while_anything_names_it(world: World) -> None:
    world.manager_tells("shop")
    kept = Stack.objects.get()
    world.engine_tells("shop")
    world.manager_tells()
    assert world.stacks == ["shop"], "a container still names it"
    world.engine_tells()
    assert world.stacks == []
    world.engine_tells("shop")
    world.manager_tells("shop")
    world.engine_tells()
    assert world.stacks == ["shop"], "a service still names it"
    assert Stack.objects.get().pk != kept.pk


def test_a_manager_that_tells_again_only_stamps(world: World) -> None:
    world.manager_tells("shop")
    first = Stack.objects.get()
    world.manager_tells("shop")
    again = Stack.objects.get()
    assert (again.pk, again.observed_at) == (first.pk, world.at)


def test_the_same_name_in_another_cluster_is_another_stack(world: World) -> None:
    other = World()
    world.manager_tells("shop")
    other.manager_tells("shop")
    world.manager_tells()
    assert (world.stacks, other.stacks) == ([], ["shop"])


def test_volumes_are_as_last_measured(world: World) -> None:
    reference = NodeRef(world.node.pk, world.node.cluster_id, source="unix:///x")
    first = [VolumeInfo("data", "local", 100), VolumeInfo("old", "local", None)]
    mirror_volumes(reference, first, at=world.at)
    mirror_volumes(reference, [VolumeInfo("data", "local", 150)], at=world.at)
    assert list(Volume.objects.values_list("native_id", "size_bytes")) == [("data", 150)]


def test_only_those_with_the_right_see_them(viewer: User, mallory: User) -> None:
    stack, volume = StackFactory(), VolumeFactory()
    assert list(stacks_visible_to(viewer)) == [stack]
    assert list(volumes_visible_to(viewer)) == [volume]
    assert not stacks_visible_to(mallory).exists()
    assert not volumes_visible_to(mallory).exists()
