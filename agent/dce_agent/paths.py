"""Where things lie inside the agent's container."""

from __future__ import annotations

from dataclasses import dataclass

STATE = "/etc/dce"
RUN = "/run/dce"
SHARE = "/usr/share/dce"
ENGINE_SOCKET = "/var/run/docker.sock"
SAMPLER_SOCKET = f"{RUN}/sampler.sock"
KEEPER_SOCKET = f"{RUN}/keeper.sock"
HEALTH_SOCKET = f"{RUN}/health.sock"
NGINX_CONF = f"{RUN}/nginx.conf"
PROGRAMS = f"{RUN}/programs"


@dataclass(frozen=True, slots=True)
class State:
    """The files of the volume, all that outlives the container."""

    folder: str = STATE

    @property
    def key(self) -> str:
        """The private key, which never leaves the node."""
        return f"{self.folder}/agent.key"

    @property
    def certificate(self) -> str:
        """The certificate for that key."""
        return f"{self.folder}/agent.pem"

    @property
    def authorities(self) -> str:
        """The authorities from one of which the controller's certificate must come."""
        return f"{self.folder}/ca.pem"

    @property
    def next_key(self) -> str:
        """The key of a renewal that is under way."""
        return f"{self.folder}/next.key"

    @property
    def next_certificate(self) -> str:
        """The new certificate for the moment in which the key takes its place."""
        return f"{self.folder}/next.pem"

    @property
    def routes(self) -> str:
        """The operator's own list of Engine routes, where there is one."""
        return f"{self.folder}/routes.conf"
