"""The two lines to copy for a join token, and what stands in their way; asks nothing outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from apps.registry.services.own_images import AGENT_REPOSITORY, agent_image_reference
from dce_portal import authority

HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class JoinLines:
    """What a person copies; both hold the token's secret."""

    curl: str = field(repr=False)
    docker: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JoinObstacles:
    """Why hosts could not join at this moment."""

    is_https_off: bool
    has_no_image: bool

    @property
    def are_none(self) -> bool:
        """True when a line will work."""
        return not (self.is_https_off or self.has_no_image)


def join_host(request: HttpRequest) -> str:
    """Name and HTTPS port under which hosts reach the portal.

    They are the public address's, or those under which this request came by HTTPS; else the
    portal's own port, which a container may publish as another.
    """
    public_url: str | None = settings.CONFIGURATION.public_url
    public = urlsplit(public_url or "")
    if public.scheme == "https":
        return _with_port(public.netloc, default=HTTPS_PORT)
    if not public_url and request.is_secure():
        return _with_port(request.get_host(), default=HTTPS_PORT)
    name = split_domain_port(public.netloc or request.get_host())[0]
    return _with_port(name, default=settings.CONFIGURATION.https_port)


def _with_port(host: str, *, default: int) -> str:
    """With the port always written out: docker takes a plain word for a user of its own hub."""
    name, port = split_domain_port(host)
    shown = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"{shown}:{port or default}"


def obstacles(request: HttpRequest) -> JoinObstacles:
    """Look at the settings and the catalogue."""
    return JoinObstacles(
        is_https_off=not settings.CONFIGURATION.https_port,
        has_no_image=agent_image_reference(join_host(request)) is None,
    )


def join_lines(request: HttpRequest, *, secret: str) -> JoinLines | None:
    """The lines for a new token; None while HTTPS is off, since nothing would then vouch for the portal."""
    if not settings.CONFIGURATION.https_port:
        return None
    host, pin = join_host(request), authority.public_key_pin()
    url = f"https://{host}/join/{secret}"
    # With its version: the registry has no image under docker's own choice, `latest`.
    image = agent_image_reference(host) or f"{host}/{AGENT_REPOSITORY}"
    return JoinLines(
        curl=f"curl -sSk --pinnedpubkey 'sha256//{pin}' {url} | sudo sh",
        docker=f'bash -c "$(docker run -i --rm {image} join {host} {secret} sha256//{pin})"',
    )
