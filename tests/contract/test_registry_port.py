"""What every registry behind the port does: the one in memory, and Debian's docker-registry."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from apps.registry import signing
from apps.registry.adapters.distribution import SOCKET_ORIGIN, DistributionRegistry
from apps.registry.adapters.fake import FakeRegistry
from apps.registry.adapters.unix_socket import UnixSocketAdapter
from apps.registry.ports import RegistryPort
from apps.registry.rights import Access
from dce_portal import secret_files
from dce_portal.errors import NotFound, Unavailable
from tests.factories.registry import IMAGE, INDEX, digest_of, image_info, index_info
from tests.plugins.registry import RegistryServer

PLATFORMS = ("linux/amd64", "linux/arm64/v8")


@dataclass(frozen=True, slots=True)
class Subject:
    """A port, and ways to put things behind it; both pushes return the digest."""

    port: RegistryPort
    push_image: Callable[[str, str], str]
    push_index: Callable[[str, str], str]
    delete: Callable[[str, str], None]


@pytest.fixture(params=["memory", pytest.param("docker-registry", marks=pytest.mark.registry)])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield _in_memory()
        return
    server: RegistryServer = request.getfixturevalue("registry_server")
    client = PushClient(server)
    port = DistributionRegistry(SOCKET_ORIGIN, token=client.token, socket=server.socket)
    yield Subject(port, client.push_image, client.push_index, client.delete)
    port.close()
    port.close()


def _in_memory() -> Subject:
    fake = FakeRegistry()

    def push_image(repository: str, tag: str) -> str:
        info = image_info(f"{repository}:{tag}", platform=PLATFORMS[0])
        fake.put(repository, info, tag=tag)
        return info.digest

    def push_index(repository: str, tag: str) -> str:
        images = [image_info(f"{repository}:{tag} {p}", platform=p) for p in PLATFORMS]
        index = index_info(*images, text=f"{repository}:{tag} index")
        for info in images:
            fake.put(repository, info)
        fake.put(repository, index, tag=tag)
        return index.digest

    return Subject(
        fake, push_image, push_index, lambda name, _digest: fake.drop_tag(name, tag="v1")
    )


class PushClient:
    """Pushes by the registry's own API, as docker does."""

    def __init__(self, server: RegistryServer) -> None:
        self._signer = signing.load_signer(
            key_pem=(server.secrets / secret_files.SIGNING_KEY).read_bytes(),
            certificate_pem=(server.secrets / secret_files.SIGNING_CERTIFICATE).read_bytes(),
        )
        self._session = requests.Session()
        self._session.mount("http://", UnixSocketAdapter(server.socket, timeout_s=10))

    def token(self, repository: str | None) -> str:
        """May do anything there."""
        access = (
            Access("repository", repository, ("delete", "pull", "push"))
            if repository
            else Access("registry", "catalog", ("*",))
        )
        return self._signer.sign(subject="portal", access=[access]).text

    def push_image(self, repository: str, tag: str, *, platform: str = PLATFORMS[0]) -> str:
        """One layer of random bytes and a configuration."""
        fields = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        document = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": self._blob(repository, json.dumps(fields).encode()),
            "layers": [self._blob(repository, secrets.token_bytes(100))],
        }
        return self._manifest(repository, tag, document)

    def push_index(self, repository: str, tag: str) -> str:
        """Two images by digest, and an index over them."""
        entries = []
        for platform in PLATFORMS:
            digest = self.push_image(repository, "", platform=platform)
            names = zip(("os", "architecture", "variant"), platform.split("/"), strict=False)
            entries.append(
                {"mediaType": IMAGE, "digest": digest, "size": 1, "platform": dict(names)}
            )
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        return self._manifest(repository, tag, document)

    def delete(self, repository: str, digest: str) -> None:
        """A manifest with all its tags."""
        self._send("DELETE", repository, f"manifests/{digest}")

    def _blob(self, repository: str, content: bytes) -> dict[str, Any]:
        digest = _digest(content)
        place = self._send("POST", repository, "blobs/uploads/").headers["Location"]
        mark = "&" if "?" in place else "?"
        self._send("PUT", repository, f"{place}{mark}digest={digest}", content=content)
        return {"mediaType": "x/y", "digest": digest, "size": len(content)}

    def _manifest(self, repository: str, tag: str, document: Mapping[str, Any]) -> str:
        content = json.dumps(document).encode()
        reference = tag or _digest(content)
        kind = {"Content-Type": document["mediaType"]}
        self._send("PUT", repository, f"manifests/{reference}", content=content, headers=kind)
        return _digest(content)

    def _send(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        address = path if path.startswith("/") else f"/v2/{repository}/{path}"
        sent = {**(headers or {}), "Authorization": f"Bearer {self.token(repository)}"}
        answer = self._session.request(method, SOCKET_ORIGIN + address, data=content, headers=sent)
        assert answer.status_code < 300, answer.text
        return answer


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_lists_repositories_and_tags(subject: Subject) -> None:
    for tag in ("v1", "v2"):
        subject.push_image("lists/app", tag)
    subject.push_image("lists/other", "v1")
    found = [name for name in subject.port.repositories() if name.startswith("lists/")]
    assert found == ["lists/app", "lists/other"]
    assert sorted(subject.port.tags("lists/app")) == ["v1", "v2"]


def test_reads_an_image(subject: Subject) -> None:
    digest = subject.push_image("reads/app", "v1")
    assert subject.port.digest_of("reads/app", tag="v1") == digest
    assert subject.port.digest_of("reads/app", tag=digest) == digest
    info = subject.port.manifest("reads/app", digest=digest)
    assert (info.digest, info.media_type, info.platform) == (digest, IMAGE, PLATFORMS[0])
    assert info.size_bytes > info.layers[0].size_bytes > 0
    assert info.config_digest.startswith("sha256:")
    assert info.manifest_bytes > 0


def test_reads_an_index(subject: Subject) -> None:
    digest = subject.push_index("index/app", "v1")
    info = subject.port.manifest("index/app", digest=digest)
    assert info.media_type == INDEX
    assert tuple(child.platform for child in info.children) == PLATFORMS
    child = subject.port.manifest("index/app", digest=info.children[1].digest)
    assert child.platform == PLATFORMS[1]


def test_unknown_things_are_not_found(subject: Subject) -> None:
    subject.push_image("known/app", "v1")
    with pytest.raises(NotFound):
        subject.port.tags("unknown/app")
    with pytest.raises(NotFound):
        subject.port.digest_of("known/app", tag="v9")
    with pytest.raises(NotFound):
        subject.port.digest_of("known/app", tag=digest_of("nothing"))
    with pytest.raises(NotFound):
        subject.port.manifest("known/app", digest=digest_of("nothing"))


def test_a_repository_without_tags_has_none(subject: Subject) -> None:
    digest = subject.push_image("empty/app", "v1")
    subject.delete("empty/app", digest)
    assert subject.port.tags("empty/app") == ()


@pytest.mark.registry
def test_pages_are_followed(
    registry_server: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.registry.adapters.distribution.PAGE_ROWS", 2)
    client = PushClient(registry_server)
    for number in range(5):
        client.push_image(f"pages/app{number}", "v1")
    port = DistributionRegistry(SOCKET_ORIGIN, token=client.token, socket=registry_server.socket)
    found = [name for name in port.repositories() if name.startswith("pages/")]
    port.close()
    assert found == [f"pages/app{number}" for number in range(5)]


@pytest.mark.registry
def test_a_token_for_something_else_is_refused(registry_server: RegistryServer) -> None:
    client = PushClient(registry_server)
    client.push_image("secret/app", "v1")
    port = DistributionRegistry(
        SOCKET_ORIGIN, token=lambda _name: client.token("other/app"), socket=registry_server.socket
    )
    with pytest.raises(Unavailable, match="401"):
        port.tags("secret/app")
    port.close()


def test_a_registry_that_is_not_there(tmp_path: Any) -> None:
    port = DistributionRegistry(
        SOCKET_ORIGIN, token=lambda _name: "", socket=tmp_path / "none.sock"
    )
    with pytest.raises(Unavailable, match="did not answer"):
        port.tags("team/app")
    port.close()
