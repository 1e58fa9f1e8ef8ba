"""The pages of a service, a task and an image."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.workloads.models import Service
from apps.workloads.selectors import condition_of
from tests.factories.cluster import ContainerFactory, ImageFactory, ServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def address(row: Model) -> str:
    return reverse(f"admin:workloads_{row._meta.model_name}_change", args=[row.pk])


def body(client: Client, row: Model) -> str:
    page = client.get(address(row))
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize(
    ("running", "desired", "update", "word"),
    [
        (3, 3, "", "whole"),
        (3, 3, "completed", "whole"),
        (2, 3, "", "short"),
        (0, 3, "", "none"),
        (0, 0, "", "zero"),
        (2, 3, "updating", "updating"),
        (3, 3, "rollback_started", "updating"),
        (3, 3, "paused", "halted"),
    ],
)
def test_a_services_condition_is_one_word(
    running: int, desired: int, update: str, word: str
) -> None:
    service = Service(running_tasks=running, desired_tasks=desired, update_state=update)
    assert condition_of(service) == word


def test_a_services_page_shows_all_that_is_asked_of_it(viewer: User, signed_in: SignedIn) -> None:
    service = ServiceFactory(
        name="web",
        stack="shop",
        image="team/app:1@sha256:abc",
        desired_tasks=3,
        running_tasks=2,
        update_state="paused",
        update_message="task <x> failed",
        cpu_limit=0.5,
        memory_limit_bytes=2**28,
    )
    ContainerFactory(service=service, name="web.1.abc")
    page = body(signed_in(viewer), service)
    texts = ("update halted", "2 of 3 tasks run", "team/app:1", "8080:80/tcp", "0.50 cores")
    more = ("256 MiB", "task &lt;x&gt; failed", "docker service ps --no-trunc web", "web.1.abc")
    for text in (*texts, *more):
        assert text in page
    assert f'data-kind="service" data-ref="{service.pk}"' in page


def test_a_services_tasks_stand_in_groups_the_running_first(
    viewer: User, signed_in: SignedIn
) -> None:
    service = ServiceFactory(name="web")
    TaskFactory(service=service, slot=7, state="failed", desired_state="shutdown", error="<boom>")
    TaskFactory(service=service, slot=8, state="pending", node=None, cluster=service.cluster)
    TaskFactory(service=service, slot=9)
    page = body(signed_in(viewer), service)
    places = [page.index(f">web.{slot}</a>") for slot in (9, 8, 7)]
    assert places == sorted(places)
    assert "&lt;boom&gt;" in page


def test_a_service_without_tasks_says_how_to_start_one(viewer: User, signed_in: SignedIn) -> None:
    page = body(signed_in(viewer), ServiceFactory(name="idle"))
    assert "docker service scale idle=1" in page


def test_a_tasks_page_links_what_it_belongs_to(viewer: User, signed_in: SignedIn) -> None:
    task = TaskFactory(state="failed", error="exit <1>", exit_code=1, container_native_id="c" * 64)
    container = ContainerFactory(node=task.node, native_id="c" * 64)
    page = body(signed_in(viewer), task)
    for row in (task.service, container):
        assert f'href="{address(row)}"' in page
    assert reverse("admin:nodes_node_change", args=[task.node_id]) in page
    assert "exit &lt;1&gt;" in page


def test_a_task_without_a_container_shows_none_of_others(viewer: User, signed_in: SignedIn) -> None:
    task = TaskFactory(container_native_id="")
    other = ContainerFactory(node=task.node, native_id="")
    assert address(other) not in body(signed_in(viewer), task)


def test_an_images_page_lists_the_nodes_that_hold_it(viewer: User, signed_in: SignedIn) -> None:
    image = ImageFactory(native_id="sha256:one")
    again, other = ImageFactory(native_id="sha256:one"), ImageFactory(native_id="sha256:two")
    page = body(signed_in(viewer), image)
    assert again.node.hostname in page
    assert other.node.hostname not in page
    assert "docker image rm" in page
    ContainerFactory(node=image.node, image_native_id="sha256:one", name="made-from-it")
    page = body(signed_in(viewer), image)
    assert "made-from-it" in page
    assert "docker image rm" not in page


def grow(row: Model, count: int) -> None:
    """More of what the pages list."""
    for _ in range(count):
        if isinstance(row, Service):
            TaskFactory(service=row)
            ContainerFactory(service=row)
        else:
            ImageFactory(native_id=row.native_id)
            ContainerFactory(image_native_id=row.native_id)


@pytest.mark.parametrize("factory", [ServiceFactory, ImageFactory])
def test_queries_do_not_grow_with_what_is_listed(
    factory: type, viewer: User, queries_of: Callable[[User, str], int]
) -> None:
    row = factory()
    grow(row, 2)
    few = queries_of(viewer, address(row))
    grow(row, 20)
    assert queries_of(viewer, address(row)) == few < 28


@pytest.mark.parametrize("factory", [ServiceFactory, TaskFactory, ImageFactory])
def test_mallory_gets_no_page(factory: type, mallory: User, signed_in: SignedIn) -> None:
    assert signed_in(mallory).get(address(factory())).status_code == 403
