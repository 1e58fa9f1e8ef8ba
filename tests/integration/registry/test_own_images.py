"""The agent's image gets into the portal's own registry, and into its catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.accounts.models import AuditEvent, User
from apps.registry import tasks
from apps.registry.adapters.fake import FakePush, FakeRegistry
from apps.registry.models import Namespace, Tag
from apps.registry.services import create_namespace, own_images
from dce_portal.origin import PORTAL
from tests.factories.registry import image_info
from tests.plugins.image_archives import docker_archive

pytestmark = pytest.mark.django_db


@pytest.fixture
def pusher(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> FakePush:
    """The way into the registry in memory, which the task opens, too."""
    fake = FakePush(registry)

    @contextmanager
    def opened() -> Iterator[FakePush]:
        yield fake

    monkeypatch.setattr("apps.registry.tasks.open_pusher", opened)
    return fake


@pytest.fixture
def archive(tmp_path: Path, settings: Settings) -> Path:
    """The file that DCE_AGENT_IMAGE names."""
    path = tmp_path / "agent.tar"
    docker_archive(path, version="1.2.3")
    settings.CONFIGURATION = SimpleNamespace(agent_image=path)
    return path


def test_it_is_published_once(pusher: FakePush, archive: Path) -> None:
    tasks.publish_own_images()
    tasks.publish_own_images()
    assert pusher.pushed == ["dce/agent:1.2.3"]
    tag = Tag.objects.get(repository__name="dce/agent")
    assert (tag.name, tag.pushed_by) == ("1.2.3", "portal")
    assert tag.manifest.is_complete
    namespace = Namespace.objects.get(name="dce")
    assert namespace.is_public
    assert AuditEvent.objects.filter(action="namespace.create", target_label="dce").count() == 1


def test_nodes_are_told_its_name(pusher: FakePush, archive: Path) -> None:
    assert own_images.agent_image_reference("portal:8443") is None
    tasks.publish_own_images()
    assert own_images.agent_image_reference("portal:8443") == "portal:8443/dce/agent:1.2.3"


def test_another_image_of_the_same_version_replaces_it(pusher: FakePush, archive: Path) -> None:
    tasks.publish_own_images()
    docker_archive(archive, version="1.2.3", content=b"built again")
    tasks.publish_own_images()
    assert pusher.pushed == ["dce/agent:1.2.3"] * 2
    assert Tag.objects.filter(repository__name="dce/agent").count() == 1


def test_a_new_version_is_the_one_that_nodes_are_told(pusher: FakePush, archive: Path) -> None:
    tasks.publish_own_images()
    docker_archive(archive, version="1.3.0")
    tasks.publish_own_images()
    assert own_images.agent_version() == "1.3.0"


def test_a_tag_that_a_person_pushed_is_nobodys_agent(
    pusher: FakePush, archive: Path, registry: FakeRegistry
) -> None:
    tasks.publish_own_images()
    registry.put("dce/agent", image_info("evil", platform="linux/amd64"), tag="9.9.9")
    tasks.reconcile_catalogue()
    assert Tag.objects.filter(name="9.9.9").exists()
    assert own_images.agent_version() == "1.2.3"


def test_a_namespace_that_a_person_made_is_left_alone(
    pusher: FakePush, archive: Path, alice: User
) -> None:
    create_namespace(name="dce", owner=alice, origin=PORTAL)
    tasks.publish_own_images()
    assert not Namespace.objects.get(name="dce").is_public
    assert pusher.pushed


def test_a_registry_that_is_away_is_asked_again(
    pusher: FakePush, archive: Path, registry: FakeRegistry
) -> None:
    registry.is_down = True
    tasks.publish_own_images()
    assert own_images.agent_version() is None
    registry.is_down = False
    tasks.publish_own_images()
    assert own_images.agent_version() == "1.2.3"


@pytest.mark.parametrize("content", [None, b"no image"])
def test_a_file_that_is_missing_or_broken_stops_nothing(
    pusher: FakePush, archive: Path, content: bytes | None
) -> None:
    archive.unlink()
    if content is not None:
        archive.write_bytes(content)
    tasks.publish_own_images()
    assert not pusher.pushed


def test_a_stranger_may_pull_it_and_not_push_it(
    pusher: FakePush, archive: Path, access_in, client: Client
) -> None:
    tasks.publish_own_images()
    query = {"service": "dce-registry", "scope": "repository:dce/agent:pull,push"}
    token = client.get("/auth/token", query).json()["token"]
    assert access_in(token) == {"repository:dce/agent": ["pull"]}
