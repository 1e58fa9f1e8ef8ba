"""The errors that the portal's own code raises; every message is a sentence for the person who asked."""

from __future__ import annotations


class PortalError(Exception):
    """What went wrong, in words that say what to do next; `code` is stable for scripts."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Keep the sentence, and the input field that caused it where there is one."""
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(PortalError):
    """A value that was given cannot be used; `field` names it."""

    code = "invalid"
    status = 400


class NotAuthenticated(PortalError):
    """No credential, or one that is wrong, expired or revoked."""

    code = "not_authenticated"
    status = 401


class PermissionDenied(PortalError):
    """The person is known and may not do this."""

    code = "permission_denied"
    status = 403


class NotFound(PortalError):
    """The thing does not exist, or the person may not know that it does."""

    code = "not_found"
    status = 404


class Conflict(PortalError):
    """The thing changed meanwhile, or exists already."""

    code = "conflict"
    status = 409


class Unsupported(PortalError):
    """This backend has no such action."""

    code = "unsupported"
    status = 405


class Unavailable(PortalError):
    """Something outside did not answer; `permanent` says that trying again will not help."""

    code = "unavailable"
    status = 503

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        """Keep the sentence and whether a retry is of use."""
        super().__init__(message)
        self.permanent = permanent
