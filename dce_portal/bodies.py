"""Reads a request's body whole, up to a limit, also where it came in chunks without a length.

podman and skopeo send their token requests chunked. Django's WSGI request takes a missing
Content-Length for an empty body; the servers that mark their input as ended can be read anyway.
"""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dce_portal.errors import PortalError


class BodyTooLarge(PortalError):
    """More was sent than this address takes."""

    code = "too_large"
    status = 413


def read_body(request: HttpRequest, *, limit_bytes: int) -> bytes:
    """The body's bytes; BodyTooLarge beyond the limit, without having read the rest."""
    if _is_unmeasured(request):
        body = _read_stream(request, limit_bytes + 1)
    elif _announced_bytes(request) > limit_bytes:
        raise _too_large(limit_bytes)
    else:
        body = request.body
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


def _is_unmeasured(request: HttpRequest) -> bool:
    """Chunked, without a length, and from a server that says where the input ends."""
    if not isinstance(request, WSGIRequest) or request.META.get("CONTENT_LENGTH"):
        return False
    return bool(request.environ.get("wsgi.input_terminated"))


def _read_stream(request: HttpRequest, most_bytes: int) -> bytes:
    stream = request.environ["wsgi.input"]  # type: ignore[attr-defined]  # only WSGI requests come here
    parts: list[bytes] = []
    missing = most_bytes
    while missing > 0 and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _announced_bytes(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        _("The request is larger than %(limit)s bytes and was not read.") % {"limit": limit_bytes}
    )
