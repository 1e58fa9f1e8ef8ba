"""Retention's reasons as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.policies.rules.keeping import Reason


def because(reasons: Iterable[Reason]) -> str:
    """One sentence of all that keeps a tag; empty when nothing does."""
    return "; ".join(in_words(reason) for reason in reasons)


def in_words(reason: Reason) -> str:
    """One reason."""
    number = int(reason.value) if reason.value.isdigit() else 0
    if reason.code == "last":
        return ngettext(
            "it is the last of its repository", "it is one of the last %(n)d", number
        ) % {"n": number}
    if reason.code == "young":
        return ngettext(
            "it was pushed within %(n)d day", "it was pushed within %(n)d days", number
        ) % {"n": number}
    if reason.code == "pulled":
        return ngettext(
            "it was pulled within %(n)d day", "it was pulled within %(n)d days", number
        ) % {"n": number}
    if reason.code == "matching":
        return _("it matches %(pattern)s") % {"pattern": reason.value}
    return {
        "in_use": _("a service or container uses it"),
        "immutable": _("it is immutable"),
        "protected": _("nobody may delete it"),
        "no_rule": _("no rule speaks of it"),
        "about": _("what it is about stays"),
    }.get(reason.code, reason.code)


def keeps(*reasons: Reason) -> str:
    """A rule's own conditions, those that it has; nothing kept is said as well."""
    parts = [_condition(reason) for reason in reasons if reason.value]
    return ", ".join(part for part in parts if part) or _("nothing")


def _condition(reason: Reason) -> str:
    number = int(reason.value) if reason.value.isdigit() else 0
    if reason.code == "matching":
        return _("those like %(pattern)s") % {"pattern": reason.value}
    if not number:
        return ""
    words = {
        "last": ngettext("the last one", "the last %(n)d", number),
        "young": ngettext("pushed within %(n)d day", "pushed within %(n)d days", number),
        "pulled": ngettext("pulled within %(n)d day", "pulled within %(n)d days", number),
    }
    return words[reason.code] % {"n": number}
