"""Serves the API's description: made once a process and language, since making it takes seconds."""

from __future__ import annotations

from typing import Any, override

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

_made: dict[str, dict[str, Any]] = {}


class OnceGenerator(SchemaGenerator):
    """The same for everybody: the description hides no address, whatever a person may."""

    @override
    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:
        """In the portal's languages; whoever asks for another one gets the usual one."""
        asked = translation.get_language()
        language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        if language not in _made:
            with translation.override(language):
                _made[language] = super().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        return _made[language]


class SchemaView(SpectacularAPIView):
    """Open to all, as the reference that reads it is."""

    permission_classes = (AllowAny,)
    generator_class = OnceGenerator

    def _get_version_parameter(self, request: Request) -> None:
        """There is one version, and no client names another."""
