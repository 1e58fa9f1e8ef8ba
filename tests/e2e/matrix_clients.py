"""Every kind of client behind one face: signs in, pushes, pulls, deletes where it can; files of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.docker_clients import (
    Answer,
    Client,
    Podman,
    Skopeo,
    write_identity_token,
    write_policy,
)
from tests.lab import images
from tests.lab.engine import Engine
from tests.lab.host import wait_until
from tests.plugins.oci import Layout
from tests.programs import find_program

DOCKERS = ("/usr/bin/docker", "/usr/local/bin/docker")
START_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class World:
    """What clients are made of: an engine, a containerd, a tiny image, and the registry's names."""

    engine: Engine
    containerd: Path
    image: Layout
    host: str
    engine_host: str


class MatrixClient(ABC):
    """One client, not signed in."""

    can_delete = False

    def __init__(self, world: World, folder: Path) -> None:
        """Keep everything in the folder."""
        self.world, self.folder = world, folder
        self.host = world.host

    @abstractmethod
    def login(self, username: str, secret: str) -> Answer:
        """Sign in, whatever comes of it."""

    @abstractmethod
    def push(self, repository: str) -> Answer:
        """Send the tiny image as `repository:1`."""

    @abstractmethod
    def pull(self, repository: str) -> Answer:
        """Fetch `repository:1`."""

    def keep_login(self, secret: str) -> None:
        """Hold a docker login in place of a password."""
        write_identity_token(self.folder, host=self.host, token=secret)

    def delete(self, repository: str) -> Answer:
        """Delete `repository:1`."""
        raise NotImplementedError

    def name(self, repository: str) -> str:
        """As this client writes it."""
        return f"{self.host}/{repository}:1"


class DockerClient(MatrixClient):
    """A docker client; it is the lab's engine that speaks to the registry."""

    program = "docker"

    def __init__(self, world: World, folder: Path) -> None:
        """Keep logins in the folder's config.json."""
        super().__init__(world, folder)
        self.host = world.engine_host
        where = {"DOCKER_HOST": world.engine.url, "DOCKER_BUILDKIT": "0"}
        self.client = Client(folder, self.program, "--config", str(folder), **where)

    def login(self, username: str, secret: str) -> Answer:
        """By standard input."""
        how = ("-u", username, "--password-stdin")
        return self.client.run("login", *how, self.host, stdin=secret)

    def push(self, repository: str) -> Answer:
        """The engine has busybox already."""
        self.client.must("tag", images.BUSYBOX_IMAGE, self.name(repository))
        answer = self.client.run("push", self.name(repository))
        self.client.must("rmi", self.name(repository))
        return answer

    def pull(self, repository: str) -> Answer:
        """And forget it again."""
        answer = self.client.run("pull", self.name(repository))
        if answer.ok:
            self.client.must("rmi", self.name(repository))
        return answer

    def keep_login(self, secret: str) -> None:
        """In docker's own file."""
        entry = {"auth": "PHRva2VuPjo=", "identitytoken": secret}
        (self.folder / "config.json").write_text(json.dumps({"auths": {self.host: entry}}))


class SkopeoClient(MatrixClient):
    """skopeo, the only one that deletes."""

    can_delete = True

    def __init__(self, world: World, folder: Path) -> None:
        """Needs no store."""
        super().__init__(world, folder)
        self.client = Skopeo(folder)

    def login(self, username: str, secret: str) -> Answer:
        """Sign in."""
        return self.client.login(self.host, username, secret)

    def push(self, repository: str) -> Answer:
        """From the layout."""
        return self.client.copy(self.world.image.source, f"docker://{self.name(repository)}")

    def pull(self, repository: str) -> Answer:
        """Into a folder."""
        target = self.folder / "pulled"
        shutil.rmtree(target, ignore_errors=True)
        return self.client.copy(f"docker://{self.name(repository)}", f"dir:{target}")

    def delete(self, repository: str) -> Answer:
        """By tag."""
        return self.client.run("delete", "--tls-verify=false", f"docker://{self.name(repository)}")


class StoreClient(MatrixClient):
    """podman and buildah, which share a store's form and most flags."""

    client: Client

    def __init__(self, world: World, folder: Path) -> None:
        """They want the file of logins to be there, also while nobody is signed in."""
        super().__init__(world, folder)
        (folder / "auth.json").write_text('{"auths": {}}')

    def login(self, username: str, secret: str) -> Answer:
        """Sign in."""
        how = ("--tls-verify=false", "-u", username, "--password-stdin")
        return self.client.run("login", *how, self.host, stdin=secret)

    def push(self, repository: str) -> Answer:
        """From its store, where the layout goes first."""
        image = self.client.must("pull", "-q", self.world.image.source).split()[-1]
        return self.client.run("push", "--tls-verify=false", image, self.name(repository))

    def pull(self, repository: str) -> Answer:
        """Into its store."""
        return self.client.run("pull", "-q", "--tls-verify=false", self.name(repository))


class PodmanClient(StoreClient):
    """podman."""

    def __init__(self, world: World, folder: Path) -> None:
        """Over a store of its own."""
        super().__init__(world, folder)
        self.client = Podman(folder)


class BuildahClient(StoreClient):
    """buildah."""

    def __init__(self, world: World, folder: Path) -> None:
        """Over a store of its own."""
        super().__init__(world, folder)
        places = ("--root", str(folder / "root"), "--runroot", str(folder / "run"))
        login = {"REGISTRY_AUTH_FILE": str(folder / "auth.json")}
        policy = ("--registries-conf", "/dev/null")
        self.client = Client(folder, "buildah", *places, "--storage-driver=vfs", *policy, **login)
        write_policy(folder)


class CtrClient(MatrixClient):
    """containerd's ctr, which is told who it is with each call."""

    user = ""

    def __init__(self, world: World, folder: Path) -> None:
        """Speak to the tests' own containerd."""
        super().__init__(world, folder)
        self.client = Client(folder, "ctr", "--address", str(world.containerd), "-n", "matrix")

    def login(self, username: str, secret: str) -> Answer:
        """There is no login: the next call shows it, so ask for what anyone may pull."""
        self.user = f"{username}:{secret}"
        return self.pull("public/app")

    def push(self, repository: str) -> Answer:
        """From a tar of the layout."""
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(self.world.image.folder, arcname=".")
        imported = ("--no-unpack", "--index-name", self.name(repository), str(archive))
        self.client.must("images", "import", "--all-platforms", *imported)
        return self.client.run("images", "push", *self._how(), self.name(repository))

    def pull(self, repository: str) -> Answer:
        """Without unpacking, which would need a mount."""
        return self.client.run("content", "fetch", *self._how(), self.name(repository))

    def _how(self) -> tuple[str, ...]:
        return ("--plain-http", *(("--user", self.user) if self.user else ()))


def client_kinds() -> dict[str, type[MatrixClient]]:
    """Every kind by its name; docker once for each version that is installed."""
    dockers = {
        f"docker-{version}": type("Docker", (DockerClient,), {"program": program})
        for program in DOCKERS
        if (version := _docker_version(program))
    }
    others: dict[str, type[MatrixClient]] = {
        "ctr": CtrClient,
        "podman": PodmanClient,
        "skopeo": SkopeoClient,
        "buildah": BuildahClient,
    }
    return {**dockers, **others}


def _docker_version(program: str) -> str:
    """The first number of it; nothing where it is not installed."""
    if find_program(program) is None:
        return ""
    done = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, timeout=30)
    return done.stdout.removeprefix("Docker version ").partition(".")[0]


@contextmanager
def running_containerd(folder: Path) -> Iterator[Path]:
    """A containerd of the tests' own; yields its socket."""
    socket, config = folder / "c.sock", folder / "config.toml"
    config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
    places = ("--root", str(folder / "root"), "--state", str(folder / "state"))
    command = ["containerd", "-c", str(config), *places, "-a", str(socket)]
    with (folder / "containerd.log").open("w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], stdout=log, stderr=log
        )
    try:
        wait_until(socket.exists, what="containerd", timeout_s=START_TIMEOUT_S)
        yield socket
    finally:
        process.terminate()
        process.wait(timeout=START_TIMEOUT_S)
