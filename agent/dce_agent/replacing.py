"""Verb `replace`: put an agent of another image in place of the one that runs.

Runs in a container of its own, since the agent cannot outlive its own replacement. The old one
is kept under another name until the new one is healthy, and comes back when it does not get so.
A run that was cut off is put right by the next.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .engine_calls import Engine, EngineRefused
from .errors import AgentError
from .paths import ENGINE_SOCKET

NAME = "dce-agent"
PREVIOUS = "dce-agent-previous"
HEALTHY_WITHIN_S = 120.0
POLL_INTERVAL_S = 1.0
PULL_TIMEOUT_S = 600.0
STOP_WAIT_S = 15
# What an image and a container both say; the container's word counts where it differs.
FROM_IMAGE = ("Cmd", "Entrypoint", "WorkingDir", "User", "Healthcheck", "StopSignal")
OF_CONTAINER = ("OpenStdin", "Tty", "Domainname")


def replace(image: str) -> str:
    """Do it against the engine of this node."""
    swap = Swap(Engine(ENGINE_SOCKET), puller=Engine(ENGINE_SOCKET, timeout_s=PULL_TIMEOUT_S))
    return swap.run(image)


@dataclass(frozen=True, slots=True)
class Swap:
    """The steps of a replacement."""

    engine: Engine
    puller: Engine
    healthy_within_s: float = HEALTHY_WITHIN_S
    pause: Callable[[float], None] = time.sleep

    def run(self, image: str) -> str:
        """Replace the agent; the sentence says what runs now."""
        self._put_right()
        present = self._present()
        self._have(image)
        body = configuration(present, self._image(present["Image"]), image=image)
        try:
            self._set_aside()
            self._start(body)
        except AgentError as error:
            self._bring_back()
            raise AgentError(
                f"The agent of {image} failed: {error} The old one runs again."
            ) from error
        self.engine.delete(f"/containers/{PREVIOUS}", force="1")
        return f"The agent runs from {image} now.\n"

    def _put_right(self) -> None:
        """Finish or take back what an earlier run has left."""
        if not self._exists(PREVIOUS):
            return
        if self._exists(NAME) and self._health(NAME) == "healthy":
            self.engine.delete(f"/containers/{PREVIOUS}", force="1")
        else:
            self._bring_back()

    def _present(self) -> dict[str, Any]:
        try:
            return self.engine.get(f"/containers/{NAME}/json")
        except EngineRefused as error:
            raise AgentError(f"There is no container {NAME} to replace: {error}.") from error

    def _have(self, image: str) -> None:
        """Pull the image where the engine lacks it."""
        try:
            self._image(image)
        except EngineRefused:
            said = self.puller.post("/images/create", None, **_pull_query(image))
            if reason := _pull_error(said):
                raise AgentError(
                    f"{image} cannot be pulled: {reason}. Nothing was changed."
                ) from None

    def _image(self, reference: str) -> dict[str, Any]:
        return self.engine.get(f"/images/{reference}/json")

    def _set_aside(self) -> None:
        """The two cannot run side by side: they listen on one port."""
        self.engine.post(f"/containers/{NAME}/stop", t=str(STOP_WAIT_S))
        self.engine.post(f"/containers/{NAME}/rename", name=PREVIOUS)

    def _start(self, body: Mapping[str, Any]) -> None:
        self.engine.post("/containers/create", body, name=NAME)
        self.engine.post(f"/containers/{NAME}/start")
        self._wait_healthy()

    def _wait_healthy(self) -> None:
        deadline = time.monotonic() + self.healthy_within_s
        while (health := self._health(NAME)) != "healthy":
            if health in {"unhealthy", "ended", "unchecked"}:
                raise AgentError(f"it is {health}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise AgentError(f"it is not healthy after {self.healthy_within_s:g} s.")
            self.pause(POLL_INTERVAL_S)

    def _health(self, name: str) -> str:
        state = self.engine.get(f"/containers/{name}/json")["State"]
        if not state["Running"] or state.get("Restarting"):
            return "ended"
        return str(state.get("Health", {}).get("Status", "unchecked"))

    def _last_words(self) -> str:
        query = {"stdout": "1", "stderr": "1", "tail": "3"}
        text = self.engine.call("GET", f"/containers/{NAME}/logs", query)
        lines = ("".join(c for c in line if c.isprintable()) for line in text.splitlines())
        return " ".join(filter(None, lines)) or "it said nothing."

    def _bring_back(self) -> None:
        if self._exists(PREVIOUS):
            if self._exists(NAME):
                self.engine.delete(f"/containers/{NAME}", force="1")
            self.engine.post(f"/containers/{PREVIOUS}/rename", name=NAME)
        self.engine.post(f"/containers/{NAME}/start")

    def _exists(self, name: str) -> bool:
        try:
            self.engine.get(f"/containers/{name}/json")
        except EngineRefused as error:
            if error.status == 404:
                return False
            raise
        return True


def configuration(
    present: Mapping[str, Any], old_image: Mapping[str, Any], *, image: str
) -> dict[str, Any]:
    """What to create: all that was said for the container, nothing that came with its image."""
    said, given = present["Config"], old_image.get("Config") or {}
    labels, image_labels = said.get("Labels") or {}, given.get("Labels") or {}
    return {
        "Image": image,
        "Env": [line for line in said.get("Env") or () if line not in (given.get("Env") or ())],
        "Labels": {
            name: value for name, value in labels.items() if image_labels.get(name) != value
        },
        "HostConfig": present["HostConfig"],
        **{name: said[name] for name in OF_CONTAINER if said.get(name)},
        **{
            name: said[name]
            for name in FROM_IMAGE
            if said.get(name) and said[name] != given.get(name)
        },
    }


def _pull_query(reference: str) -> dict[str, str]:
    """Without any tag the engine would pull them all."""
    last = reference.rpartition("/")[2]
    tag = {} if ":" in last or "@" in last else {"tag": "latest"}
    return {"fromImage": reference, **tag}


def _pull_error(said: str) -> str:
    """The engine answers 200 and tells of a failure in the last line."""
    for line in said.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if "error" in found:
            return str(found["error"]).rstrip(".")
    return ""
