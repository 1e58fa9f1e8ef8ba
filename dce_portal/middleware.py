"""What every answer is looked through for: cookies that stay on TLS, and the content security policy."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

# The theme evaluates expressions in attributes; the API's reference page starts from an inline script.
LOOSER = {
    "/admin/": {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]},
    "/api/v1/docs/": {"script-src": [SELF, UNSAFE_INLINE], "style-src": [SELF, UNSAFE_INLINE]},
}


class SecureCookiesMiddleware:
    """Marks the cookies of an answer over TLS, so that a browser never sends them in the clear.

    The same portal is reached over HTTP as well, where such a cookie would be of no use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the session's, the form key's and the language's alike."""
        response = self.get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response


class PagePolicyMiddleware:
    """Replaces single directives for the paths above."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the response; django-csp, the layer outside this one, writes the header."""
        response = self.get_response(request)
        for prefix, directives in LOOSER.items():
            if request.path.startswith(prefix):
                response._csp_replace = directives  # type: ignore[attr-defined]  # django-csp's own hook
        return response
