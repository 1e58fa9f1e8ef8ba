"""How API requests say who they are: a personal token, or the browser's session."""

from __future__ import annotations

from rest_framework import authentication


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer dcep_…`."""


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the admin's pages, with its CSRF check."""
