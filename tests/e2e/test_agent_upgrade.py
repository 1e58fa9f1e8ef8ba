"""A host joins through the portal in its container, and its agent is upgraded from there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.controller_container import NAME, ControllerContainer
from tests.e2e.docker_clients import Docker
from tests.e2e.site import Api, by_name, finished_operation
from tests.lab.agent_image import AgentImage
from tests.lab.engine import Engine
from tests.lab.host import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.clients]

LATER = "99.1.0"
SHOWN_WITHIN_S = 120
ARCHIVE = "/opt/dce/agent-image.tar"
# Compiled anew, since the image's byte code is not compared with its source.
RENAME = (
    "import pathlib, py_compile, dce_agent; p = pathlib.Path(dce_agent.__file__);"
    f" p.write_text('__version__ = ' + repr('{LATER}'));"
    " py_compile.compile(str(p), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
)


@dataclass(frozen=True, slots=True)
class Joined:
    """The portal, a host that has joined by its line, and docker on that host."""

    controller: ControllerContainer
    engine: Engine
    docker: Docker
    api: Api

    def node(self) -> dict[str, object]:
        """The host as the portal knows it."""
        return by_name(self.api.list("nodes/"), "hostname").get(self.engine.hostname, {})

    def agent_image(self) -> str:
        """What its agent runs from."""
        return self.docker.must("inspect", "--format", "{{.Config.Image}}", "dce-agent").strip()


@pytest.fixture(scope="module")
def joined(
    controller_container: ControllerContainer,
    second_engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Joined:
    """Run the line that the portal gives, on a fresh engine."""
    api = controller_container.api()
    wait_until(lambda: bool(api.list("tags/")), what="the agent's image", timeout_s=SHOWN_WITHIN_S)
    made = api.post("join-tokens/", {"role": "manager"})
    assert made.status_code == 201, made.text
    line = controller_container.for_hosts(made.json()["curl_line"])
    done = second_engine.shell(line)
    assert done.returncode == 0, done.stdout + done.stderr
    docker = Docker(tmp_path_factory.mktemp("joined"), second_engine)
    return Joined(controller_container, second_engine, docker, api)


def later_agent(docker: Docker, agent: AgentImage, folder: Path) -> Path:
    """The same agent under another version, as an archive."""
    dockerfile = (
        f"FROM {agent.reference}\n"
        f'RUN ["/usr/bin/python3", "-c", "{RENAME}"]\n'
        f"LABEL org.opencontainers.image.version={LATER}\n"
    )
    docker.must("build", "--quiet", "--network=none", "--tag", "later", "-", stdin=dockerfile)
    archive = folder / "later.tar"
    docker.must("save", "--output", str(archive), "later")
    # The portal reads it as its own user.
    archive.chmod(0o644)
    return archive


def test_the_host_is_watched_through_its_agent(joined: Joined):
    wait_until(
        lambda: joined.node().get("is_fresh") and joined.node().get("agent_version"),
        what="the joined host with its agent's version",
        timeout_s=SHOWN_WITHIN_S,
    )
    assert joined.agent_image().startswith(f"{joined.controller.engine.address}:")


def test_its_agent_is_upgraded_from_the_portal(
    joined: Joined, agent_image: AgentImage, tmp_path: Path
):
    agent_image.load(joined.controller.engine.url)
    archive = later_agent(joined.controller.docker, agent_image, tmp_path)
    joined.controller.docker.must("cp", str(archive), f"{NAME}:{ARCHIVE}")
    publish = "from apps.registry.tasks import publish_own_images as p; p()"
    wait_until(
        lambda: (
            joined.controller.execute("python", "manage.py", "shell", "-c", publish) is not None
            and LATER in {tag["name"] for tag in joined.api.list("tags/")}
        ),
        what="the later agent in the registry",
        timeout_s=SHOWN_WITHIN_S,
    )
    before, node = joined.agent_image(), joined.node()
    answer = joined.api.post(f"nodes/{node['id']}/upgrade-agent/")
    assert answer.status_code == 202, answer.text
    operation = finished_operation(joined.api, answer.headers["Location"], timeout_s=300)
    assert operation["state"] == "succeeded", json.dumps(operation, indent=1)
    assert joined.agent_image() == before.rpartition(":")[0] + f":{LATER}"
    assert joined.node()["agent_version"] == LATER
    names = joined.docker.must("ps", "--all", "--format", "{{.Names}}").split()
    assert sorted(name for name in names if name.startswith("dce-agent")) == ["dce-agent"]
    again = joined.api.post(f"nodes/{node['id']}/upgrade-agent/")
    assert again.status_code == 409
