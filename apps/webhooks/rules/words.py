"""Why a message did not arrive, in sentences."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PROBLEMS: dict[str, str | Promise] = {
    "address": gettext_lazy(
        "The address lies in a private network or on this machine, which is closed to webhooks; "
        "DCE_WEBHOOK_PRIVATE_ADDRESSES opens it."
    ),
    "off": gettext_lazy("The webhook was switched off before it was sent."),
    "timeout": gettext_lazy("There was no answer in time."),
    "tls": gettext_lazy("The certificate of the receiver could not be checked."),
    "name": gettext_lazy("The host's name could not be resolved."),
    "connect": gettext_lazy("Nobody listens at the address, or the connection broke."),
    "portal": gettext_lazy("The portal could not send it; its log says why."),
}


def result_in_words(status: int | None, problem: str) -> str:
    """One sentence, or nothing while there is none."""
    if problem:
        return str(PROBLEMS.get(problem, problem))
    if status is None:
        return ""
    if 300 <= status < 400:
        return _("It answered %(status)d, a redirect, which is not followed.") % {"status": status}
    return _("It answered %(status)d.") % {"status": status}
