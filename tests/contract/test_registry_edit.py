"""What policies change in a real registry: Debian's docker-registry 2.8, which deletes by digest alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.policies.adapters.registry_http import (
    SOCKET_ORIGIN,
    RegistryEdit,
    _config_for,
    _digest,
    _manifest_for,
)
from apps.registry.adapters.distribution import DistributionRegistry
from dce_portal.errors import Unavailable
from tests.contract.test_registry_port import PushClient
from tests.factories.registry import IMAGE
from tests.plugins.registry import RegistryServer

pytestmark = pytest.mark.registry


@pytest.fixture
def client(registry_server: RegistryServer) -> PushClient:
    return PushClient(registry_server)


@pytest.fixture
def edit(registry_server: RegistryServer, client: PushClient) -> Iterator[RegistryEdit]:
    port = RegistryEdit(SOCKET_ORIGIN, token=client.token, socket=registry_server.socket)
    yield port
    port.close()


def tag_again(
    edit: RegistryEdit, client: PushClient, repository: str, digest: str, tag: str
) -> None:
    """Another tag of the same manifest."""
    answer = client._send("GET", repository, f"manifests/{digest}", headers={"Accept": IMAGE})
    kind = {"Content-Type": answer.headers["Content-Type"]}
    client._send("PUT", repository, f"manifests/{tag}", content=answer.content, headers=kind)


def test_a_tag_is_taken_off_and_its_siblings_stay(
    edit: RegistryEdit, client: PushClient, registry_server: RegistryServer
) -> None:
    digest = client.push_image("untag/app", "1")
    tag_again(edit, client, "untag/app", digest, "2")
    edit.untag("untag/app", "1")
    assert edit.tag_digest("untag/app", "1") is None
    assert edit.tag_digest("untag/app", "2") == digest
    port = DistributionRegistry(SOCKET_ORIGIN, token=client.token, socket=registry_server.socket)
    assert port.tags("untag/app") == ("2",)
    assert port.manifest("untag/app", digest=digest).digest == digest
    port.close()
    edit.untag("untag/app", "1")
    assert edit.tag_digest("untag/app", "1") is None, "repeating it leaves nothing behind"


def test_an_interrupted_untag_is_finished_and_a_new_push_is_left_alone(
    edit: RegistryEdit, client: PushClient
) -> None:
    client.push_image("half/app", "1")
    config = _config_for("half/app", "1")
    edit._upload("half/app", config)
    manifest = _manifest_for(config)
    kind = {"Content-Type": "application/vnd.docker.distribution.manifest.v2+json"}
    client._send("PUT", "half/app", "manifests/1", content=manifest, headers=kind)
    assert edit.tag_digest("half/app", "1") == _digest(manifest)
    assert edit.finish_untag("half/app", "1")
    assert edit.tag_digest("half/app", "1") is None
    fresh = client.push_image("half/app", "1")
    assert not edit.finish_untag("half/app", "1")
    assert edit.tag_digest("half/app", "1") == fresh


def test_a_manifest_goes_with_all_its_tags_and_only_once(
    edit: RegistryEdit, client: PushClient
) -> None:
    digest = client.push_image("whole/app", "1")
    tag_again(edit, client, "whole/app", digest, "2")
    assert edit.delete_manifest("whole/app", digest)
    assert edit.tag_digest("whole/app", "2") is None
    assert not edit.delete_manifest("whole/app", digest)


def test_a_configuration_is_read_and_a_missing_one_is_empty(
    edit: RegistryEdit, client: PushClient, registry_server: RegistryServer
) -> None:
    digest = client.push_image("config/app", "1")
    port = DistributionRegistry(SOCKET_ORIGIN, token=client.token, socket=registry_server.socket)
    config = port.manifest("config/app", digest=digest).config_digest
    port.close()
    assert edit.config("config/app", config) == {"os": "linux", "architecture": "amd64"}
    assert edit.config("config/app", "sha256:" + "0" * 64) == {}


def test_a_refused_token_is_an_error(client: PushClient, registry_server: RegistryServer) -> None:
    port = RegistryEdit(
        SOCKET_ORIGIN, token=lambda _name: client.token("other/app"), socket=registry_server.socket
    )
    with pytest.raises(Unavailable, match="401"):
        port.untag("secret/app", "1")
    port.close()
