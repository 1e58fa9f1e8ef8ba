"""Why a message did not arrive, in words that say what to look at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TIMEOUT, ADDRESS, NAME, CONNECT, CLOSED, TLS = (
    "timeout",
    "address",
    "name",
    "connect",
    "closed",
    "tls",
)
STATUS, REDIRECT, REFUSED, MAIL, INVALID, CRASH = (
    "status", "redirect", "refused", "mail", "invalid", "crash",
)  # fmt: skip

WORDS: dict[str, str | Promise] = {
    TIMEOUT: _("The target did not answer in time."),
    ADDRESS: _("The portal may not connect to %(detail)s (see DCE_ALERT_PRIVATE_ADDRESSES)."),
    NAME: _("The target's name could not be resolved."),
    CONNECT: _("The target could not be reached."),
    CLOSED: _("The target closed the connection before it answered."),
    TLS: _("The target's certificate is not trusted, or it does not speak TLS."),
    STATUS: _("The target answered with HTTP %(status)s."),
    REDIRECT: _(
        "The target sent us elsewhere (HTTP %(status)s); enter the address that it leads to."
    ),
    REFUSED: _("The target refused the message: %(detail)s"),
    MAIL: _("The mail server answered %(status)s %(detail)s"),
    INVALID: _("The address cannot be understood: %(detail)s"),
    CRASH: _("The message could not be sent: %(detail)s"),
}


def problem_in_words(problem: str, *, detail: str = "", status: int | None = None) -> str:
    """The sentence for a receipt's problem; nothing where there is none."""
    if not problem:
        return ""
    sentence = str(WORDS.get(problem, WORDS[CRASH]))
    return (sentence % {"detail": detail or "–", "status": status or "–"}).strip()
