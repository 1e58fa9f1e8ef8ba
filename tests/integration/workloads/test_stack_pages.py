"""The list of stacks and the page of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.workloads.models import Stack
from apps.workloads.selectors import reserved_by
from apps.workloads.stacks import stack_page
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    NodeFactory,
    ServiceFactory,
    StackFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST = reverse("admin:workloads_stack_changelist")


@pytest.fixture
def stack() -> Stack:
    """Two services of one stack, one of them short of a task, with a neighbour that is none of it."""
    cluster = ClusterFactory(name="prod")
    node = NodeFactory(cluster=cluster, hostname="node-1")
    limits = {"cpu_limit": 0.5, "memory_limit_bytes": 2**28, "cpu_reservation": 0.25}
    own = {"cluster": cluster, "stack": "shop"}
    web = ServiceFactory(name="shop_web", desired_tasks=3, running_tasks=2, **own, **limits)
    ServiceFactory(name="shop_db", desired_tasks=1, running_tasks=1, **own, **limits)
    ServiceFactory(name="other", cluster=cluster, desired_tasks=5, running_tasks=5)
    for slot in (1, 2):
        TaskFactory(service=web, node=node, slot=slot)
    ContainerFactory(node=node, service=web, stack="shop", name="shop_web.1.abc")
    return StackFactory(cluster=cluster, name="shop")


def page_of(stack: Stack) -> str:
    return reverse("admin:workloads_stack_change", args=[stack.pk])


def test_the_page_shows_what_is_the_stacks_and_nothing_else(
    stack: Stack, viewer: User, signed_in: SignedIn
) -> None:
    page = signed_in(viewer).get(page_of(stack)).content.decode()

    for text in ("short of tasks", "3 of 4 tasks run", "shop_web", "shop_db", "shop_web.1.abc"):
        assert text in page
    assert ">other<" not in page
    assert f'data-kind="stack" data-ref="{stack.pk}" data-metric="cpu"' in page
    assert "docker stack ps --no-trunc shop" in page


def test_limits_and_reservations_are_those_of_running_tasks(stack: Stack, viewer: User) -> None:
    page = stack_page(viewer, stack)

    # Three run, each with half a core; two of them are known as tasks that reserve a quarter.
    assert page["limits"]["cpu_cores"] == pytest.approx(3 * 0.5)
    assert page["reserved"] == {"cpu_cores": pytest.approx(2 * 0.25)}


def test_one_task_without_a_limit_leaves_the_stack_without(stack: Stack, viewer: User) -> None:
    ServiceFactory(cluster=stack.cluster, stack="shop", desired_tasks=1, running_tasks=1)

    assert stack_page(viewer, stack)["limits"]["cpu_cores"] is None


def test_a_task_that_ended_reserves_nothing(stack: Stack) -> None:
    TaskFactory(service=stack.cluster.services.get(name="shop_web"), state="failed")

    assert reserved_by("stack", stack.pk)["cpu_cores"] == pytest.approx(0.5)


def test_a_stack_of_containers_alone_has_its_page(viewer: User, signed_in: SignedIn) -> None:
    stack = StackFactory(name="compose")
    ContainerFactory(node=NodeFactory(cluster=stack.cluster), stack="compose", name="compose-web-1")

    page = signed_in(viewer).get(page_of(stack)).content.decode()

    assert "compose-web-1" in page
    assert "docker stack ps" not in page


def test_the_list_counts_in_queries_that_do_not_grow(
    stack: Stack, viewer: User, queries_of: Callable[[User, str], int], signed_in: SignedIn
) -> None:
    before = queries_of(viewer, LIST)
    for number in range(5):
        other = StackFactory(cluster=stack.cluster, name=f"more-{number}")
        ServiceFactory(cluster=stack.cluster, stack=other.name)

    assert queries_of(viewer, LIST) == before
    assert "3 / 4" in signed_in(viewer).get(LIST).content.decode()


def test_the_empty_list_teaches(viewer: User, signed_in: SignedIn) -> None:
    assert "docker stack deploy" in signed_in(viewer).get(LIST).content.decode()


def test_mallory_is_refused(stack: Stack, mallory: User, signed_in: SignedIn) -> None:
    mallory.is_staff = True
    mallory.save()
    for address in (LIST, page_of(stack)):
        assert signed_in(mallory).get(address).status_code in {302, 403}


def test_who_may_not_see_services_sees_the_stack_without_them(
    stack: Stack, bob: User, signed_in: SignedIn
) -> None:
    from django.contrib.auth.models import Permission

    bob.user_permissions.add(Permission.objects.get(codename="view_stack"))

    page = signed_in(bob).get(page_of(stack)).content.decode()

    assert "shop_web" not in page
