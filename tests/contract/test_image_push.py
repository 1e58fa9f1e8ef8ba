"""An image from a file into a registry: the one in memory, and Debian's docker-registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.registry.adapters.distribution import SOCKET_ORIGIN, DistributionRegistry
from apps.registry.adapters.fake import FakePush, FakeRegistry
from apps.registry.adapters.image_push import ImagePush, read_archive
from apps.registry.ports import ImagePushPort, RegistryPort
from dce_portal.errors import InvalidInput, Unavailable
from tests.contract.test_registry_port import PushClient
from tests.plugins.image_archives import docker_archive, oci_archive
from tests.plugins.registry import RegistryServer

Write = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The way in, and the way to look."""

    pusher: ImagePushPort
    registry: RegistryPort


@pytest.fixture(params=["memory", pytest.param("docker-registry", marks=pytest.mark.registry)])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        fake = FakeRegistry()
        yield Subject(FakePush(fake), fake)
        return
    server: RegistryServer = request.getfixturevalue("registry_server")
    token = PushClient(server).token
    pusher = ImagePush(SOCKET_ORIGIN, token=token, socket=server.socket)
    registry = DistributionRegistry(SOCKET_ORIGIN, token=token, socket=server.socket)
    yield Subject(pusher, registry)
    pusher.close()
    registry.close()


@pytest.mark.parametrize("write", [docker_archive, oci_archive])
def test_the_image_arrives_whole(subject: Subject, tmp_path: Path, write: Write) -> None:
    repository = f"dce/{write.__name__}"
    config_digest = write(tmp_path / "image.tar")
    digest = subject.pusher.push(tmp_path / "image.tar", repository=repository, tag="1.2.3")
    assert subject.registry.digest_of(repository, tag="1.2.3") == digest
    info = subject.registry.manifest(repository, digest=digest)
    assert info.config_digest == config_digest
    assert info.platform == "linux/amd64"
    assert info.size_bytes > 0


def test_pushing_again_changes_nothing(subject: Subject, tmp_path: Path) -> None:
    docker_archive(tmp_path / "image.tar")
    digests = {
        subject.pusher.push(tmp_path / "image.tar", repository="dce/again", tag="1") for _ in "ab"
    }
    assert len(digests) == 1
    assert subject.registry.tags("dce/again") == ("1",)


@pytest.mark.parametrize("write", [docker_archive, oci_archive])
def test_an_archive_tells_what_it_holds(tmp_path: Path, write: Write) -> None:
    config_digest = write(tmp_path / "image.tar", version="7.8.9")
    info = read_archive(tmp_path / "image.tar")
    assert (info.version, info.config_digest) == ("7.8.9", config_digest)


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_a_file_that_is_no_image_is_named(subject: Subject, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tar"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"broken\.tar"):
        subject.pusher.push(path, repository="dce/broken", tag="1")


def test_a_registry_that_is_not_there(tmp_path: Path) -> None:
    docker_archive(tmp_path / "image.tar")
    pusher = ImagePush(SOCKET_ORIGIN, token=lambda _name: "", socket=tmp_path / "none.sock")
    with pytest.raises(Unavailable, match="did not take the image"):
        pusher.push(tmp_path / "image.tar", repository="dce/agent", tag="1")
    pusher.close()


def test_nothing_is_sent_while_garbage_is_collected(tmp_path: Path) -> None:
    docker_archive(tmp_path / "image.tar")
    switch, nowhere = tmp_path / "read-only", tmp_path / "none.sock"
    pusher = ImagePush(SOCKET_ORIGIN, token=lambda _n: "", socket=nowhere, read_only_file=switch)
    switch.touch()
    with pytest.raises(Unavailable, match="read-only"):
        pusher._send("POST", "/v2/dce/agent/blobs/uploads/", "dce/agent", accepted=(202,))
    pusher.close()


@pytest.mark.registry
def test_what_was_interrupted_is_not_sent_twice(
    registry_server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is the last step; the layers that arrived before it stay."""
    docker_archive(tmp_path / "image.tar", content=b"interrupted")
    token = PushClient(registry_server).token
    pusher = ImagePush(SOCKET_ORIGIN, token=token, socket=registry_server.socket)
    sent: list[str] = []
    upload = ImagePush._upload

    def counted(self: ImagePush, blob: object, *, repository: str, digest: str) -> None:
        sent.append(digest)
        upload(self, blob, repository=repository, digest=digest)  # type: ignore[arg-type]

    monkeypatch.setattr(ImagePush, "_upload", counted)
    with monkeypatch.context() as broken:
        broken.setattr(ImagePush, "_put_manifest", _refuse)
        with pytest.raises(Unavailable):
            pusher.push(tmp_path / "image.tar", repository="dce/cut", tag="1")
    assert len(sent) == 2
    pusher.push(tmp_path / "image.tar", repository="dce/cut", tag="1")
    assert len(sent) == 2
    pusher.close()


def _refuse(*_arguments: object) -> str:
    raise Unavailable("The registry went away.")
