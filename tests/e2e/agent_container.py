"""The agent's container on a lab's engine, as the join script starts it, and clients of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factories.agent_pki import AGENT, AgentAuthority
from tests.lab.agent_image import AgentImage
from tests.lab.engine import Engine
from tests.lab.host import wait_until
from tests.programs import find_program

NAME = "dce-agent"
PORT = 12376
HEALTHY_TIMEOUT_S = 120
CLIENT_TIMEOUT_S = 120
DOCKER = find_program("docker") or "docker"
ON_THE_HOST = (
    "--network=host",
    "--pid=host",
    "--restart=unless-stopped",
    "--label=io.dce.role=agent",
)


class AgentContainer:
    """A running agent: the engine below it, and the controller's certificate for it."""

    def __init__(self, engine: Engine, image: AgentImage, folder: Path) -> None:
        self.engine, self.image, self._folder = engine, image, folder
        self.authority = AgentAuthority()
        self._write_controller()

    def start(self, **environ: str) -> None:
        """Key, certificate and container, and wait until it is healthy."""
        self.image.load(self.engine.url)
        volume = ("--volume=dce-agent:/etc/dce",)
        csr = self.local("run", "--rm", *volume, self.image.reference, "csr", "--name", AGENT)
        bundle = self.authority.agent(csr, address=self.engine.address)
        bundle += self.authority.certificate_pem
        self.local("run", "--rm", "-i", *volume, self.image.reference, "install", given=bundle)
        self.run(NAME, **environ)
        self.wait_healthy()

    def run(self, name: str, **environ: str) -> None:
        """The container alone; a second one shares the first one's certificate."""
        given = [f"--env={variable}={value}" for variable, value in environ.items()]
        mounts = (
            f"{self.engine.socket}:/var/run/docker.sock",
            "dce-agent:/etc/dce",
            "/:/host:ro,rslave",
        )
        volumes = [f"--volume={mount}" for mount in mounts]
        options = (f"--name={name}", *ON_THE_HOST, *volumes, *given)
        self.local("run", "--detach", *options, self.image.reference)

    def wait_healthy(self) -> None:
        """Return once Docker's own check says so."""
        wait_until(
            lambda: self.inspected()["State"]["Health"]["Status"] == "healthy",
            what="the agent to be healthy",
            timeout_s=HEALTHY_TIMEOUT_S,
        )

    def inspected(self, name: str = NAME) -> dict:
        """What the engine says of a container."""
        return self.engine.api.get(f"/containers/{name}/json")

    def local(self, *arguments: str, given: str = "") -> str:
        """The docker client on the engine's own socket."""
        done = self._run(("--host", self.engine.url, *arguments), given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def replace(self, reference: str) -> subprocess.CompletedProcess[str]:
        """Swap the agent, as the controller has it done: in a container of its own."""
        mount = f"--volume={self.engine.socket}:/var/run/docker.sock"
        helper = ("run", "--rm", mount, self.image.reference, "replace", "--image", reference)
        return self._run(("--host", self.engine.url, *helper))

    def through(self, *arguments: str, port: int = PORT) -> subprocess.CompletedProcess[str]:
        """The docker client through the agent, with the controller's certificate."""
        host = f"tcp://{self.engine.address}:{port}"
        return self._run(("--host", host, *arguments), env=self.environment)

    def open(self, *arguments: str) -> subprocess.Popen[str]:
        """The same for what stays open."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        command = ("setpriv", "--pdeathsig", "TERM", DOCKER, *arguments)
        return subprocess.Popen(command, env=self.environment, **pipes)

    def get(self, path: str) -> dict:
        """What the agent itself answers."""
        files = {name: str(self._folder / f"{name}.pem") for name in ("ca", "cert", "key")}
        tls = ("--cacert", files["ca"], "--cert", files["cert"], "--key", files["key"])
        url = f"https://{self.engine.address}:{PORT}{path}"
        done = subprocess.run(("curl", "-sS", *tls, url), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def environment(self) -> dict[str, str]:
        """The docker client's own variables."""
        return {
            **os.environ,
            "DOCKER_HOST": f"tcp://{self.engine.address}:{PORT}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(self._folder),
            "DOCKER_BUILDKIT": "0",
        }

    def _run(self, arguments, *, given="", env=None):
        return subprocess.run(
            (DOCKER, *arguments),
            input=given,
            env=env,
            capture_output=True,
            text=True,
            timeout=CLIENT_TIMEOUT_S,
        )

    def _write_controller(self) -> None:
        certificate, key = self.authority.controller()
        parts = {"ca": self.authority.certificate_pem, "cert": certificate, "key": key}
        for name, text in parts.items():
            (self._folder / f"{name}.pem").write_text(text)


@contextmanager
def agent_on(engine: Engine, image: AgentImage, **environ: str) -> Iterator[AgentContainer]:
    """Run it until the block ends, and leave the engine as it was."""
    folder = Path(tempfile.mkdtemp(prefix="dce-controller-"))
    try:
        agent = AgentContainer(engine, image, folder)
        agent.start(**environ)
        yield agent
    finally:
        for container in engine.api.get("/containers/json", all=1):
            engine.api.delete(f"/containers/{container['Id']}", force=1)
        engine.api.delete("/volumes/dce-agent", force=1)
        shutil.rmtree(folder)
