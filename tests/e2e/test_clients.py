"""The registry as docker, podman and skopeo use it, through the front."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from tests.e2e.docker_clients import Docker, Podman, Skopeo, write_identity_token
from tests.e2e.oci_layout import write_index
from tests.e2e.site import by_name
from tests.lab import images
from tests.lab.host import wait_until
from tests.plugins.portal import PASSWORD

pytestmark = [pytest.mark.registry, pytest.mark.clients, pytest.mark.portal, pytest.mark.lab]

CATALOGUE_TIMEOUT_S = 60


@pytest.fixture
def docker(site, swarm_lab, tmp_path):
    """docker on the first engine, not signed in, and signed out of the engine's images after."""
    folder = tmp_path / "docker"
    folder.mkdir()
    return Docker(folder, swarm_lab.engine(1))


@pytest.fixture
def podman():
    """podman, not signed in; it takes no folder with a name as long as pytest's."""
    with tempfile.TemporaryDirectory(prefix="dce-podman-") as folder:
        yield Podman(Path(folder))


@pytest.fixture
def skopeo(tmp_path):
    """skopeo, not signed in."""
    folder = tmp_path / "skopeo"
    folder.mkdir()
    return Skopeo(folder)


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """A busybox image as a file."""
    path = tmp_path_factory.mktemp("image") / "busybox.tar"
    path.write_bytes(images.archive(images.BUSYBOX_IMAGE)[1])
    return path


@pytest.fixture(scope="session")
def pushed(site, archive, tmp_path_factory):
    """team/app:1 and public/app:1, pushed by Alice."""
    skopeo = Skopeo(tmp_path_factory.mktemp("alice"))
    sign_in(skopeo, site.host, "alice", site.tokens["alice"])
    for repository in ("team/app", "public/app"):
        answer = skopeo.copy(f"docker-archive:{archive}", f"docker://{site.host}/{repository}:1")
        assert answer.ok, answer.text
    return "team/app:1"


def sign_in(client, host, username, secret):
    """Sign in, which has to succeed."""
    answer = client.login(host, username, secret)
    assert answer.ok, answer.text


# --- docker ----------------------------------------------------------------------------------


def test_docker_pushes_and_pulls_with_a_personal_token(site, docker):
    image = f"{site.engine_host}/team/docker:1"
    sign_in(docker, site.engine_host, "alice", site.tokens["alice"])
    docker.must("tag", images.BUSYBOX_IMAGE, image)
    docker.must("push", image)
    docker.must("rmi", image)
    assert "Downloaded newer image" in docker.must("pull", image)
    docker.must("rmi", image)
    # A token is a revocable credential already: no second one is left on the client.
    assert "identitytoken" not in docker.kept_login(site.engine_host)


@pytest.mark.parametrize(
    ("username", "secret", "sentence"),
    [
        ("alice", "wrong", "The user name or the password is not right."),
        ("bob", "alice", "This token belongs to another user name than the one given."),
        ("alice", "revoked", "This token was revoked; make a new one in the portal."),
        ("alice", "expired", "This token expired on "),
    ],
)
def test_docker_prints_why_a_login_is_refused(site, docker, username, secret, sentence):
    answer = docker.login(site.engine_host, username, site.tokens.get(secret, secret))
    assert not answer.ok
    assert f"unauthorized: {sentence}" in answer.text


def test_docker_login_with_a_password_leaves_a_revocable_login(site, docker):
    image = f"{site.engine_host}/team/login:1"
    sign_in(docker, site.engine_host, "alice", PASSWORD)
    kept = docker.kept_login(site.engine_host)
    assert kept["identitytoken"].startswith("dcef_")
    assert PASSWORD not in json.dumps(kept)
    docker.must("tag", images.BUSYBOX_IMAGE, image)
    docker.must("push", image)
    docker.must("rmi", image)


def test_docker_mounts_layers_from_another_repository(site, docker):
    sign_in(docker, site.engine_host, "alice", site.tokens["alice"])
    first, second = (f"{site.engine_host}/team/{name}:1" for name in ("origin", "copy"))
    for image in (first, second):
        docker.must("tag", images.BUSYBOX_IMAGE, image)
    docker.must("push", first)
    assert "Mounted from team/origin" in docker.must("push", second)
    docker.must("rmi", first, second)


@pytest.mark.parametrize(("person", "secret"), [("mallory", "mallory"), ("bob", "bob")])
def test_a_push_without_the_right_is_refused(site, docker, person, secret):
    image = f"{site.engine_host}/team/refused:1"
    sign_in(docker, site.engine_host, person, site.tokens[secret])
    docker.must("tag", images.BUSYBOX_IMAGE, image)
    answer = docker.run("push", image)
    docker.must("rmi", image)
    assert not answer.ok
    assert "denied: requested access to the resource is denied" in answer.text


def test_mallory_cannot_pull_what_is_private(site, docker, pushed):
    sign_in(docker, site.engine_host, "mallory", site.tokens["mallory"])
    answer = docker.run("pull", f"{site.engine_host}/{pushed}")
    assert not answer.ok
    assert "denied" in answer.text


def test_nobody_pulls_public_images_only(site, docker, pushed):
    public = f"{site.engine_host}/public/app:1"
    docker.must("pull", public)
    docker.must("rmi", public)
    assert not docker.run("pull", f"{site.engine_host}/{pushed}").ok
    docker.must("tag", images.BUSYBOX_IMAGE, public)
    assert not docker.run("push", public).ok
    docker.must("rmi", public)


# --- podman ----------------------------------------------------------------------------------


def test_podman_pushes_and_pulls(site, podman, archive):
    image = f"{site.host}/team/podman:1"
    sign_in(podman, site.host, "alice", site.tokens["alice"])
    podman.must("load", "--input", str(archive))
    podman.must("push", "--tls-verify=false", images.BUSYBOX_IMAGE, image)
    podman.must("pull", "--tls-verify=false", image)


def test_podman_says_that_a_password_is_wrong(site, podman):
    answer = podman.login(site.host, "alice", "wrong")
    assert not answer.ok
    assert f'logging into "{site.host}": invalid username/password' in answer.text


def test_podman_refreshes_by_a_docker_login(site, docker, podman, pushed):
    """It sends the form of the refresh in chunks, which must arrive whole."""
    sign_in(docker, site.engine_host, "alice", PASSWORD)
    token = docker.kept_login(site.engine_host)["identitytoken"]
    write_identity_token(podman.folder, host=site.host, token=token)
    podman.must("pull", "--tls-verify=false", f"{site.host}/{pushed}")


# --- skopeo ----------------------------------------------------------------------------------


def test_skopeo_copies_an_index_of_two_platforms(site, skopeo, tmp_path):
    target = f"{site.host}/team/multi:1"
    digest = write_index(tmp_path / "layout", platforms=("amd64", "arm64"))
    sign_in(skopeo, site.host, "alice", site.tokens["alice"])
    answer = skopeo.copy(f"oci:{tmp_path / 'layout'}:1", f"docker://{target}", "--all")
    assert answer.ok, answer.text
    index = skopeo.inspect(target, "--raw")
    assert [one["platform"]["architecture"] for one in index["manifests"]] == ["amd64", "arm64"]
    copied = skopeo.copy(
        f"docker://{target}", f"oci:{tmp_path / 'back'}:1", "--override-arch=arm64"
    )
    assert copied.ok, copied.text
    assert wait_tag(site, "team/multi", "1")["digest"] == digest


def test_skopeo_copies_between_repositories(site, skopeo, pushed):
    sign_in(skopeo, site.host, "alice", site.tokens["alice"])
    source = f"docker://{site.host}/{pushed}"
    assert skopeo.copy(source, f"docker://{site.host}/team/second:1").ok
    original = skopeo.inspect(f"{site.host}/{pushed}")["Digest"]
    assert skopeo.inspect(f"{site.host}/team/second:1")["Digest"] == original


def test_skopeo_pushes_by_a_docker_login(site, docker, skopeo, archive):
    sign_in(docker, site.engine_host, "alice", PASSWORD)
    token = docker.kept_login(site.engine_host)["identitytoken"]
    write_identity_token(skopeo.folder, host=site.host, token=token)
    answer = skopeo.copy(f"docker-archive:{archive}", f"docker://{site.host}/team/refreshed:1")
    assert answer.ok, answer.text


def test_a_token_that_may_only_pull_cannot_push(site, skopeo, archive, pushed):
    sign_in(skopeo, site.host, "alice", site.tokens["pull-only"])
    assert skopeo.inspect(f"{site.host}/{pushed}")["Digest"]
    answer = skopeo.copy(f"docker-archive:{archive}", f"docker://{site.host}/team/app:2")
    assert not answer.ok
    assert "denied" in answer.text


def test_a_robot_pushes_and_pulls_in_its_namespace_and_nowhere_else(site, skopeo, archive):
    sign_in(skopeo, site.host, "robot-team-ci", site.tokens["robot-team-ci"])
    answer = skopeo.copy(f"docker-archive:{archive}", f"docker://{site.host}/team/robot:1")
    assert answer.ok, answer.text
    assert skopeo.inspect(f"{site.host}/team/robot:1")["Digest"]
    refused = skopeo.copy(f"docker-archive:{archive}", f"docker://{site.host}/public/robot:1")
    assert not refused.ok
    assert "denied" in refused.text


def test_skopeo_deletes_what_its_owner_may_delete(site, skopeo, archive):
    image = f"docker://{site.host}/team/gone:1"
    sign_in(skopeo, site.host, "alice", site.tokens["alice"])
    assert skopeo.copy(f"docker-archive:{archive}", image).ok
    wait_tag(site, "team/gone", "1")
    skopeo.must("delete", "--tls-verify=false", image)
    assert not skopeo.run("inspect", "--tls-verify=false", image).ok
    wait_until(
        lambda: not tags(site, "team/gone"),
        what="the tag to leave the catalogue",
        timeout_s=CATALOGUE_TIMEOUT_S,
    )


def test_bob_may_not_delete(site, skopeo, pushed):
    sign_in(skopeo, site.host, "bob", site.tokens["bob"])
    assert not skopeo.run("delete", "--tls-verify=false", f"docker://{site.host}/{pushed}").ok
    assert skopeo.inspect(f"{site.host}/{pushed}")["Digest"]


# --- the catalogue ---------------------------------------------------------------------------


def tags(site, repository, *, person="alice"):
    """A repository's tags by name, as the API tells them."""
    rows = site.api(person).list("tags/", repository=repository, missing=False)
    return by_name(rows, "name")


def wait_tag(site, repository, name):
    """A tag once the catalogue knows it."""
    wait_until(
        lambda: name in tags(site, repository),
        what=f"{repository}:{name} in the catalogue",
        timeout_s=CATALOGUE_TIMEOUT_S,
    )
    return tags(site, repository)[name]


def test_the_catalogue_tells_what_was_pushed_and_by_whom(site, skopeo, pushed):
    tag = wait_tag(site, "team/app", "1")
    sign_in(skopeo, site.host, "alice", site.tokens["alice"])
    assert tag["digest"] == skopeo.inspect(f"{site.host}/{pushed}")["Digest"]
    assert tag["size_bytes"] > 100_000
    assert tag["pushed_by"] == "alice"


def test_mallory_sees_nothing_private_in_the_catalogue(site, pushed):
    wait_tag(site, "team/app", "1")
    names = {row["name"] for row in site.api("mallory").list("repositories/")}
    assert not any(name.startswith("team/") for name in names)
