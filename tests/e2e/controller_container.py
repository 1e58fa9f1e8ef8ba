"""The portal as a container on a lab's engine, started by the line that docs/install.md gives."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.e2e.docker_clients import Docker
from tests.e2e.site import Api, plain_session
from tests.lab.controller_image import ControllerImage
from tests.lab.engine import Engine
from tests.lab.host import wait_until

NAME, VOLUME = "dce", "dce"
# Ports of the engine's own network, since the lab's engines have no port mapping to this machine.
HTTP_PORT, HTTPS_PORT = 8080, 8443
READY_WITHIN_S = 180
ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class ControllerContainer:
    """A portal in a container, as clients on the lab's network reach it."""

    engine: Engine
    image: ControllerImage
    docker: Docker

    @property
    def host(self) -> str:
        """The registry's name."""
        return f"{self.engine.address}:{HTTP_PORT}"

    @property
    def base_url(self) -> str:
        """Its address without TLS."""
        return f"http://{self.host}"

    @property
    def https_url(self) -> str:
        """Its address with the certificate of its own CA."""
        return f"https://{self.engine.address}:{HTTPS_PORT}"

    def run(self, *arguments: str) -> str:
        """Start it with the one line of the documentation, the network being the host's."""
        network = ("--network", "host")
        data = ("-v", f"{VOLUME}:/data", "-v", f"{self.engine.socket}:/var/run/docker.sock")
        options = ("run", "-d", "--name", NAME, *network, *data, *arguments)
        return self.docker.must(*options, self.image.reference)

    def execute(self, *command: str) -> str:
        """Run something in it as its own user."""
        return self.docker.must("exec", "--user", "dce", NAME, *command).strip()

    def inspect(self, template: str) -> str:
        """What the engine says of it."""
        return self.docker.must("inspect", "--format", template, NAME).strip()

    def logs(self) -> str:
        """What it has printed."""
        return self.docker.must("logs", NAME)

    def password(self) -> str:
        """The first administrator's, as an operator reads it."""
        return self.execute("cat", "/data/admin-password")

    def api(self) -> Api:
        """The API as the administrator, with a new token."""
        said = self.execute("python", "manage.py", "create_token", ADMINISTRATOR, "--name", "tests")
        return Api(self.base_url, said.splitlines()[-1].strip())

    def for_hosts(self, line: str) -> str:
        """A join line as a person copies it who opened the page under this name, without sudo."""
        return re.sub(r"https://[^/]+", self.https_url, line).replace("sudo sh", "sh")

    def wait_ready(self) -> None:
        """Wait until every part answers."""
        wait_until(self._is_ready, what="the container's /readyz", timeout_s=READY_WITHIN_S)

    def state(self) -> dict[str, Any]:
        """The engine's word for how it is."""
        return dict(json.loads(self.inspect("{{json .State}}")))

    def _is_ready(self) -> bool:
        assert self.state()["Running"], self.logs()
        with plain_session() as session:
            try:
                return session.get(f"{self.base_url}/readyz", timeout=10).ok
            except requests.RequestException:
                return False


def started_controller(
    engine: Engine, image: ControllerImage, *, folder: Path
) -> ControllerContainer:
    """Load the image and start it over a fresh volume; returns once it is ready."""
    docker = Docker(folder, engine)
    docker.must("load", "--quiet", f"--input={image.archive}")
    container = ControllerContainer(engine, image, docker)
    container.run()
    container.wait_ready()
    return container
