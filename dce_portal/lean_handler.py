"""Answers the busiest addresses without the layers for pages: no session, cookies, forms, messages or routing.

One docker push asks the token endpoint several times and uses none of these; they would be most of its cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import translation
from django.utils.module_loading import import_string

View = Callable[[HttpRequest], Any]


class LeanHandler:
    """A WSGI application of whole paths, each with a view that answers at once and whole."""

    def __init__(self, views: Mapping[str, str]) -> None:
        """Load the views by their names; Django answers what they do not foresee."""
        self._views: dict[str, View] = {
            path: cast("View", convert_exception_to_response(import_string(name)))
            for path, name in views.items()
        }

    def serves(self, path: str) -> bool:
        """Whether the path is one of these."""
        return path in self._views

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> list[bytes]:
        """Answer in the caller's language; a list, since the server sends that in one piece."""
        close_old_connections()
        request = WSGIRequest(environ)
        translation.activate(_language_of(request))
        response = self._views[environ["PATH_INFO"]](request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        status = f"{response.status_code} {response.reason_phrase}"
        start_response(status, list(response.items()))
        return [response.content]


def _language_of(request: WSGIRequest) -> str:
    """Docker clients name no language, and looking for one costs as much as a read of the database."""
    if "HTTP_ACCEPT_LANGUAGE" in request.META or "HTTP_COOKIE" in request.META:
        return translation.get_language_from_request(request)
    return str(settings.LANGUAGE_CODE)
