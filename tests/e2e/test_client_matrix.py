"""Every client by one list: right and wrong login, push, pull, mount, delete, refusal, nobody, narrow tokens."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.e2e.docker_clients import Skopeo
from tests.e2e.matrix_clients import World, client_kinds, running_containerd
from tests.e2e.site import TIMEOUT_S, plain_session
from tests.plugins.oci import write_image
from tests.plugins.portal import PASSWORD

pytestmark = [pytest.mark.registry, pytest.mark.clients, pytest.mark.portal, pytest.mark.lab]

KINDS = client_kinds()
# They send the form of a refresh in chunks, or as docker does; ctr holds no docker login.
REFRESHING = [name for name in KINDS if name != "ctr"]


@pytest.fixture(scope="module")
def world(site, swarm_lab, tmp_path_factory):
    """A containerd and a tiny image; public/app:1 and team/app:1 are in the registry."""
    # Not pytest's own folder: its path may be too long for a unix socket.
    folder = Path(tempfile.mkdtemp(prefix="dce-matrix-"))
    try:
        # podman makes a repository's name of the path, in which a random one may end in an underscore.
        image = write_image(tmp_path_factory.mktemp("image") / "layout")
        skopeo = Skopeo(_made(folder / "alice"))
        assert skopeo.login(site.host, "alice", site.tokens["alice"]).ok
        for repository in ("public/app", "team/app"):
            answer = skopeo.copy(image.source, f"docker://{site.host}/{repository}:1")
            assert answer.ok, answer.text
        with running_containerd(_made(folder / "containerd")) as containerd:
            yield World(swarm_lab.engine(1), containerd, image, site.host, site.engine_host)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=KINDS)
def client(request, world):
    """One of them, not signed in."""
    with tempfile.TemporaryDirectory(prefix="dce-client-", ignore_cleanup_errors=True) as folder:
        yield KINDS[request.param](world, Path(folder))


@pytest.fixture(scope="module")
def docker_login(site):
    """A docker login's token, as `docker login` with a password leaves it."""
    query = {"service": "dce-registry", "offline_token": "true", "client_id": "docker"}
    with plain_session() as session:
        answer = session.get(
            f"{site.base_url}/auth/token", params=query, auth=("alice", PASSWORD), timeout=TIMEOUT_S
        )
    return answer.json()["refresh_token"]


def _made(folder):
    folder.mkdir()
    return folder


def owned(client):
    """A repository of this client's alone."""
    return f"team/{type(client).__name__.lower()}-{getattr(client, 'program', 'x').count('/')}"


def test_what_an_owner_does(site, client):
    """Push, pull, push what is there already into another repository, delete."""
    assert client.login("alice", site.tokens["alice"]).ok
    first, second = owned(client), f"{owned(client)}-copy"
    for done in (client.push(first), client.pull(first), client.push(second), client.pull(second)):
        assert done.ok, done.text
    if client.can_delete:
        assert client.delete(second).ok
        assert not client.pull(second).ok
        assert client.pull(first).ok


@pytest.mark.parametrize("secret", ["wrong", "expired", "revoked"])
def test_a_wrong_an_expired_and_a_revoked_credential(site, client, secret):
    answer = client.login("alice", site.tokens.get(secret, secret))
    assert not answer.ok
    assert any(word in answer.text for word in ("nauthorized", "invalid username", "401"))


def test_who_may_only_read(site, client):
    """Bob pulls and may not push; the same for a token that its owner narrowed."""
    for person, token in (("bob", "bob"), ("alice", "pull-only")):
        assert client.login(person, site.tokens[token]).ok
        assert client.pull("team/app").ok
        refused = client.push("team/app")
        assert not refused.ok
        assert any(
            word in refused.text for word in ("denied", "insufficient_scope", "unauthorized")
        )
        if client.can_delete:
            assert not client.delete("team/app").ok


def test_a_robot_works_in_its_namespace_alone(site, client):
    assert client.login("robot-team-ci", site.tokens["robot-team-ci"]).ok
    for done in (client.push(f"{owned(client)}-robot"), client.pull(f"{owned(client)}-robot")):
        assert done.ok, done.text
    assert not client.push("public/app").ok


def test_nobody_pulls_what_is_public_alone(client):
    assert client.pull("public/app").ok
    assert not client.pull("team/app").ok
    assert not client.push("public/app").ok


@pytest.mark.parametrize("client", REFRESHING, indirect=True)
def test_a_docker_login_is_exchanged(client, docker_login):
    client.keep_login(docker_login)
    assert client.pull("team/app").ok
    pushed = client.push(owned(client))
    assert pushed.ok, pushed.text
