"""What load balancers and operators ask: does the process live, and is everything it needs there.

The answers are read by programs, so they stay in English and carry no address and no secret.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dce_portal import heartbeats, live

TIMEOUT_S = 2.0
BACKGROUND = ("worker", "poll", heartbeats.BEAT)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one dependency is usable, in a few words."""

    ok: bool
    detail: str


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Answer as long as this process can."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Name every dependency; 503 when one is missing."""
    findings = {name: check() for name, check in CHECKS.items()} | background_findings()
    is_ready = all(finding.ok for finding in findings.values())
    return JsonResponse(_body(findings, is_ready=is_ready), status=200 if is_ready else 503)


def _body(findings: Mapping[str, Finding], *, is_ready: bool) -> dict[str, object]:
    dependencies = {name: asdict(finding) for name, finding in findings.items()}
    return {"status": "ok" if is_ready else "unavailable", "dependencies": dependencies}


def check_database() -> Finding:
    """Whether the database answers the least question."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Finding(ok=False, detail=f"does not answer ({type(error).__name__})")
    return Finding(ok=True, detail=connection.vendor)


def check_redis() -> Finding:
    """Whether Redis answers and takes writes."""
    try:
        live.client().ping()
    except redis.RedisError as error:
        return Finding(ok=False, detail=f"does not answer ({type(error).__name__})")
    return Finding(ok=True, detail="answers")


def check_registry() -> Finding:
    """Whether the registry answers its version check; 401 is how it asks for a token."""
    url = settings.REGISTRY_URL
    link = _outside(url) if url else UnixConnection(settings.PATHS.socket("registry"))
    return _answers(link, "/v2/", accepted=(200, 401))


def check_stream() -> Finding:
    """Whether the process that holds open connections answers."""
    return _answers(UnixConnection(settings.PATHS.socket("stream")), "/livez", accepted=(200,))


def background_findings() -> dict[str, Finding]:
    """Whether beat and the workers were heard of lately."""
    return {name: _background(name) for name in BACKGROUND}


def _background(name: str) -> Finding:
    try:
        age_s = heartbeats.age_s(name)
    except redis.RedisError:
        return Finding(ok=False, detail="unknown, since Redis does not answer")
    if age_s is None:
        return Finding(ok=False, detail="not heard of yet")
    return Finding(ok=age_s < heartbeats.FRESH_S, detail=f"heard of {age_s:.0f} s ago")


class UnixConnection(http.client.HTTPConnection):
    """HTTP to one of the portal's own processes."""

    def __init__(self, path: Path) -> None:
        """Keep the socket's path."""
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Open the unix socket in place of a TCP connection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


def _outside(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT_S, context=context)
    return http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)


def _answers(link: http.client.HTTPConnection, path: str, *, accepted: tuple[int, ...]) -> Finding:
    try:
        link.request("GET", path)
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Finding(ok=False, detail=f"does not answer ({type(error).__name__})")
    finally:
        link.close()
    return Finding(ok=status in accepted, detail=f"answers {status}")


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": check_database,
    "redis": check_redis,
    "registry": check_registry,
    "stream": check_stream,
}
