"""Pages of logs and consoles, and logs in the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.nodes.adapters.fakes.streams import FakeStreams
from apps.nodes.models import EngineEndpoint
from apps.workloads.models import Container
from dce_portal.errors import Unavailable
from tests.factories.cluster import ContainerFactory, ServiceFactory, TaskFactory
from tests.integration.workloads.streams_world import faked, program_of

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
ROWS = {"container": ContainerFactory, "task": TaskFactory, "service": ServiceFactory}


@pytest.fixture
def container() -> Container:
    container = ContainerFactory(name="<web>")
    cluster = container.node.cluster
    EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376", node=container.node, cluster=cluster)
    return container


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FakeStreams:
    return faked(monkeypatch)


def page_of(row: Any, name: str) -> str:
    return f"/admin/workloads/{row._meta.model_name}/{row.pk}/{name}/"


@pytest.mark.parametrize("kind", ROWS)
def test_a_viewer_gets_the_page_of_a_log(kind: str, viewer: User, signed_in: SignedIn) -> None:
    row = ROWS[kind]()
    if kind == "container":
        EngineEndpoint.objects.create(url="tcp://10.0.0.1:2376", node=row.node)
    body = signed_in(viewer).get(page_of(row, "logs")).content.decode()
    assert f'data-socket="/ws/logs/{kind}/{row.pk}/"' in body
    assert f"/api/v1/{kind}s/{row.pk}/logs/" in body
    page = signed_in(viewer).get(page_of(row, "change")).content.decode()
    assert page_of(row, "logs") in page


def test_a_console_is_for_administrators(
    container: Container, viewer: User, operator: User, administrator: User, signed_in: SignedIn
) -> None:
    address = page_of(container, "console")
    for person in (viewer, operator):
        assert signed_in(person).get(address).status_code == 403
        assert address not in signed_in(person).get(page_of(container, "change")).content.decode()
    body = signed_in(administrator).get(address).content.decode()
    assert f'data-socket="/ws/exec/{container.pk}/"' in body
    assert "&lt;web&gt;" in body
    assert "<web>" not in body
    assert address in signed_in(administrator).get(page_of(container, "change")).content.decode()


def test_where_there_is_no_way_the_page_says_why(administrator: User, signed_in: SignedIn) -> None:
    lonely = ContainerFactory()
    for name in ("change", "logs", "console"):
        body = signed_in(administrator).get(page_of(lonely, name)).content.decode()
        assert "no address of this node&#x27;s engine" in body
        assert "data-socket" not in body


def test_a_read_only_agent_is_named(
    container: Container, administrator: User, signed_in: SignedIn
) -> None:
    container.node.has_console = False
    container.node.save()
    body = signed_in(administrator).get(page_of(container, "change")).content.decode()
    assert "set it to read-only" in body
    assert page_of(container, "logs") in body
    assert page_of(container, "console") not in body


@pytest.mark.parametrize("kind", ROWS)
def test_mallory_gets_neither_page_nor_text(
    kind: str, mallory: User, signed_in: SignedIn, with_token: Callable[..., Client]
) -> None:
    row = ROWS[kind]()
    names = ("logs", "console") if kind == "container" else ("logs",)
    for name in names:
        assert signed_in(mallory).get(page_of(row, name)).status_code == 403
    for client in (signed_in(mallory), with_token(mallory)):
        assert client.get(f"/api/v1/{kind}s/{row.pk}/logs/").status_code == 403
    assert Client().get(f"/api/v1/{kind}s/{row.pk}/logs/").status_code == 401


def test_what_is_not_there(viewer: User, signed_in: SignedIn) -> None:
    assert signed_in(viewer).get("/admin/workloads/container/9999/logs/").status_code == 404
    assert signed_in(viewer).get("/api/v1/containers/9999/logs/").status_code == 404


@pytest.mark.parametrize("name", ["logs", "console"])
def test_queries_are_few_and_the_same_for_each(
    name: str, container: Container, administrator: User, queries_of: Callable[[User, str], int]
) -> None:
    few = queries_of(administrator, page_of(container, name))
    for _ in range(10):
        ContainerFactory(node=container.node)
    assert queries_of(administrator, page_of(container, name)) == few < 16


def test_the_text_of_a_log(
    container: Container, viewer: User, world: FakeStreams, with_token: Callable[..., Client]
) -> None:
    program = program_of(world, container.native_id, "one", "\x1b[31mtwo\x1b[0m <b>")
    program.write("bad", stream="stderr")
    script = with_token(viewer, "api.read:cluster")
    address = f"/api/v1/containers/{container.pk}/logs/"
    answer = script.get(address, headers={"accept": "text/plain"})
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == "one\ntwo <b>\nbad\n"
    assert script.get(f"{address}?tail=1&stream=stderr").content == b"bad\n"
    with_times = script.get(f"{address}?timestamps=true&until=2026-01-01T00:00:00Z")
    assert with_times.content == b"2026-01-01T00:00:00.000000000Z one\n"
    assert with_token(viewer, "api.read:registry").get(address).status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tail=-1", "tail"),
        ("tail=10001", "tail"),
        ("tail=x", "tail"),
        ("since=yesterday", "since"),
        ("until=5", "until"),
        ("stream=both", "stream"),
        ("follow=1", "follow"),
        ("since=", "since"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    query: str,
    field: str,
    container: Container,
    viewer: User,
    world: FakeStreams,
    signed_in: SignedIn,
) -> None:
    answer = signed_in(viewer).get(f"/api/v1/containers/{container.pk}/logs/?{query}")
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_what_the_outside_says_is_an_error_of_the_api(
    container: Container, viewer: User, world: FakeStreams, signed_in: SignedIn
) -> None:
    address = f"/api/v1/containers/{container.pk}/logs/"
    program_of(world, container.native_id).driver_reads = False
    answer = signed_in(viewer).get(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "logs_unreadable")
    world.error = Unavailable("The engine cannot be asked.")
    assert signed_in(viewer).get(address).status_code == 503
    EngineEndpoint.objects.all().delete()
    assert signed_in(viewer).get(address).status_code == 405
