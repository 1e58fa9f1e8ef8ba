"""A node's engine as its agent lets it through: what replacing that agent needs of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import EngineAddress
from apps.nodes.ports.agent_host import AgentContainer, ReplacementOutcome
from dce_portal.errors import InvalidInput, NotFound

AGENT, HELPER = "dce-agent", "dce-agent-upgrade"
ENGINE_SOCKET = "/var/run/docker.sock"
# A pull says nothing while a layer is unpacked on a slow disk.
READ_TIMEOUT_S = 120.0
LAST_LINES = "5"


class AgentHost:
    """The AgentHostPort over the Engine API."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self._http = EngineHttp(address, read_timeout_s=READ_TIMEOUT_S)

    async def agent(self) -> AgentContainer:
        """Inspect the agent's container."""
        raw = Facts(await self._http.get(f"/containers/{AGENT}/json"))
        image = raw.part("Config").text("Image")
        return AgentContainer(image=image, socket_path=_socket_path(raw))

    async def pull(self, image: str) -> None:
        """Pull; the engine answers 200 at once and tells of a failure in the last line."""
        steps = await self._http.raw("POST", "/images/create", params={"fromImage": image})
        if reason := pull_error(steps):
            raise InvalidInput(
                _("%(image)s cannot be pulled: %(reason)s.") % {"image": image, "reason": reason}
            )

    async def start_replacement(self, image: str, *, socket_path: str) -> None:
        """Create and start the helper."""
        await self.tidy()
        body = helper_of(image, socket_path=socket_path)
        await self._http.post("/containers/create", params={"name": HELPER}, body=body)
        await self._http.raw("POST", f"/containers/{HELPER}/start", params={})

    async def outcome(self) -> ReplacementOutcome:
        """Inspect the helper, and read its last lines once it has ended."""
        state = Facts(await self._http.get(f"/containers/{HELPER}/json")).part("State")
        if state.true("Running") or state.text("Status") == "created":
            return ReplacementOutcome(is_done=False)
        has_failed = state.whole("ExitCode") != 0
        said = await self._last_words()
        return ReplacementOutcome(is_done=True, has_failed=has_failed, said=said)

    async def tidy(self) -> None:
        """Remove the helper."""
        with suppress(NotFound):
            await self._http.raw("DELETE", f"/containers/{HELPER}", params={"force": "1"})

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _last_words(self) -> str:
        params = {"stdout": "1", "stderr": "1", "tail": LAST_LINES}
        log = await self._http.raw("GET", f"/containers/{HELPER}/logs", params=params)
        text = log.decode(errors="replace")
        lines = ("".join(sign for sign in line if sign.isprintable()) for line in text.splitlines())
        return " ".join(line for line in lines if line)[:500]


def helper_of(image: str, *, socket_path: str) -> dict[str, Any]:
    """The container that swaps the agents: it needs the engine's socket and nothing else."""
    return {
        "Image": image,
        "Cmd": ["replace", "--image", image],
        # With a terminal its log is plain text.
        "Tty": True,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": {"io.dce.role": "agent-upgrade"},
        "HostConfig": {
            "Binds": [f"{socket_path}:{ENGINE_SOCKET}"],
            "NetworkMode": "none",
            "RestartPolicy": {"Name": "no"},
        },
    }


def pull_error(steps: bytes) -> str:
    """The reason why a pull failed, empty when it did not."""
    for line in steps.splitlines():
        try:
            reason = Facts(orjson.loads(line)).text("error", most=500)
        except orjson.JSONDecodeError:
            continue
        if reason:
            return reason.rstrip(".")
    return ""


def _socket_path(container: Facts) -> str:
    """Where the engine's socket lies on the host, as the agent's own mount tells."""
    for mount in container.parts("Mounts"):
        if mount.text("Destination") == ENGINE_SOCKET and mount.text("Source"):
            return mount.text("Source")
    return ENGINE_SOCKET
