"""Django's handler without the layers for pages: no session, cookies, forms, messages or static files.

One docker push asks the token endpoint several times and uses none of these; they would be a third of its cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string


class LeanHandler(WSGIHandler):
    """Runs a view inside the few layers of LEAN_MIDDLEWARE."""

    paths: ClassVar[frozenset[str]] = frozenset({"/auth/token", "/internal/registry/guard"})
    _get_response: Callable[[HttpRequest], HttpResponseBase]
    _view_middleware: list[Any]
    _template_response_middleware: list[Any]
    _exception_middleware: list[Any]

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Wrap the view; layers that look at views, templates or exceptions are none of these."""
        handler = convert_exception_to_response(self._get_response)
        for name in reversed(settings.LEAN_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(name)(handler))
        self._view_middleware = []
        self._template_response_middleware = []
        self._exception_middleware = []
        self._middleware_chain = handler
