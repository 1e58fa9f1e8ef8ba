"""A portal that is told of no engine, its agent's image in its registry, and engines that join it by a line."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.site import Site, by_name, seeded
from tests.lab.agent_image import AgentImage
from tests.lab.host import wait_until
from tests.lab.swarm import Lab
from tests.plugins.portal import started_portal

LONG_S = 90
OPTIONS = "sh -s -- "


@dataclass(frozen=True, slots=True)
class Joining:
    """An empty portal that has the agent's image, and engines that know nothing of it."""

    site: Site
    lab: Lab

    def line(self, **wish: Any) -> str:
        """A line as the API makes it, under the address by which engines reach the portal."""
        made = self.site.api().post("join-tokens/", wish)
        assert made.status_code == 201, made.text
        return self.for_hosts(made.json()["curl_line"])

    def for_hosts(self, line: str) -> str:
        """The line as a person copies it who opened the page at the gateway's address, without sudo."""
        return line.replace("https://127.0.0.1:", f"https://{self.lab.gateway}:").replace(
            "sudo sh", "sh"
        )

    def run(self, index: int, line: str, options: str = "") -> subprocess.CompletedProcess[str]:
        """Run it on a host."""
        return self.lab.engine(index).shell(line.replace("| sh", f"| {OPTIONS}{options}"))

    def joined(self, index: int, line: str) -> str:
        """Run it and expect success; what it printed."""
        done = self.run(index, line)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Joined. eng{index} is at https://{self.lab.gateway}:" in done.stdout
        return done.stdout

    def refused(self, index: int, line: str, words: str, options: str = "") -> None:
        """Run it and expect one clear sentence."""
        done = self.run(index, line, options)
        assert done.returncode == 1, done.stdout
        assert re.search(words, done.stderr), done.stderr
        assert done.stderr.count("\n") == 1

    def nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes as the portal knows them."""
        return by_name(self.site.api().list("nodes/"), "hostname")

    def step_done(self, name: str, step: str) -> bool:
        """Whether a host has reported a step."""
        joins = [join for join in self.site.api().list("joins/") if join["hostname"] == name]
        steps = joins[0]["steps"] if joins else []
        return any(one["name"] == step and one["state"] == "done" for one in steps)

    def is_watched(self, name: str, **facts: object) -> bool:
        """Whether the portal hears the node's agent and sees it as told."""
        node = self.nodes().get(name, {})
        return bool(node.get("has_engine") and node["is_fresh"] and facts.items() <= node.items())


@contextmanager
def joining_site(size: int, agent_image: AgentImage) -> Iterator[Joining]:
    """Run it until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="dce-joining-"))
    try:
        with Lab.create(size) as lab:
            settings = {
                "DCE_BIND": f"127.0.0.1,{lab.gateway}",
                "DCE_AGENT_IMAGE": str(agent_image.archive),
            }
            with started_portal(folder / "var", **settings) as portal:
                site = seeded(portal, gateway=lab.gateway)
                site.wait_healthy()
                _wait_for_image(site)
                yield Joining(site, lab)
    finally:
        shutil.rmtree(folder)


def _wait_for_image(site: Site) -> None:
    wait_until(
        lambda: bool(site.api().list("tags/")),
        what="the agent's image in the registry",
        timeout_s=LONG_S,
    )
