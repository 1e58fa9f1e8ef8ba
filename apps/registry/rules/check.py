"""Whether the registry and the portal understand each other: a sentence for each thing, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.registry.ports import Challenge
from dce_portal.templatetags.portal import bytes_human, duration

# A registry takes tokens that are this far off, and no further.
LEEWAY = timedelta(seconds=60)
NOTICED = timedelta(seconds=5)
CERTIFICATE_ENDS_SOON = timedelta(days=60)
LEAST_FREE = 0.05
SOON_FULL = 0.15
TOKEN_PATH = "/auth/token"  # noqa: S105 - a path

State = Literal["good", "late", "bad", "off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its state, what was seen, and what to do where it is not good."""

    name: str
    title: str
    state: State
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """All that was asked; what could not be told is None."""

    now: datetime
    service: str
    issuer: str
    key_id: str
    thumbprint: str
    certificate_ends: datetime
    is_rotating: bool
    is_embedded: bool
    challenge: Challenge | None
    unreachable: str
    token_is_taken: bool | None
    last_event_at: datetime | None
    last_push_at: datetime | None
    free_bytes: int | None
    whole_bytes: int | None


def findings_of(facts: CheckFacts) -> tuple[Finding, ...]:
    """Every finding, in the order in which a person would look."""
    return (
        _registry(facts),
        _clock(facts),
        _realm(facts),
        _audience(facts),
        _issuer(facts),
        _key(facts),
        _token(facts),
        _events(facts),
        _storage(facts),
    )


def _registry(facts: CheckFacts) -> Finding:
    title = _("Registry")
    if facts.challenge is None:
        advice = _("See whether it runs (make status) and what its log says.")
        if not facts.is_embedded:
            advice = _("See whether it runs, and whether DCE_REGISTRY_URL is its address.")
        return Finding("registry", title, "bad", facts.unreachable, advice)
    if facts.challenge.status == 401 and facts.challenge.realm:
        return Finding("registry", title, "good", _("It answers and asks for a token."))
    detail = _("It answers %(status)s, and asks for no token.") % {"status": facts.challenge.status}
    advice = _(
        "Give it the section auth.token of docs/registry-keys.md; anyone may push to it now."
    )
    return Finding("registry", title, "bad", detail, advice)


def _clock(facts: CheckFacts) -> Finding:
    title = _("Clock")
    if facts.challenge is None or facts.challenge.told_at is None:
        return Finding("clock", title, "off", _("The registry did not tell its time."))
    skew = abs(facts.now - facts.challenge.told_at)
    if skew <= NOTICED:
        return Finding("clock", title, "good", _("Portal and registry have the same time."))
    seconds = int(skew.total_seconds())
    detail = ngettext(
        "The clocks differ by %(n)d second.", "The clocks differ by %(n)d seconds.", seconds
    ) % {"n": seconds}
    advice = _("Synchronise both clocks (NTP); beyond 60 seconds the registry refuses every token.")
    return Finding("clock", title, "bad" if skew > LEEWAY else "late", detail, advice)


def _realm(facts: CheckFacts) -> Finding:
    title = _("Realm")
    realm = facts.challenge.realm if facts.challenge else ""
    if not realm:
        return Finding("realm", title, "off", _("The registry named none."))
    if urlsplit(realm).path == TOKEN_PATH:
        return Finding("realm", title, "good", realm)
    advice = _("Set auth.token.realm to the portal's address with the path %(path)s.")
    return Finding("realm", title, "bad", realm, advice % {"path": TOKEN_PATH})


def _audience(facts: CheckFacts) -> Finding:
    title = _("Audience")
    told = facts.challenge.service if facts.challenge else ""
    if not told:
        return Finding("audience", title, "off", _("The registry named no service."))
    if told == facts.service:
        return Finding("audience", title, "good", told)
    detail = _("The registry is %(told)s, the portal signs for %(own)s.")
    return Finding(
        "audience",
        title,
        "bad",
        detail % {"told": told, "own": facts.service},
        _("Set auth.token.service of the registry to %(own)s.") % {"own": facts.service},
    )


def _issuer(facts: CheckFacts) -> Finding:
    """A registry does not tell which issuer it wants; the token that it takes proves it."""
    title = _("Issuer")
    if facts.token_is_taken:
        return Finding("issuer", title, "good", facts.issuer)
    advice = _("auth.token.issuer of the registry must be exactly this.")
    return Finding("issuer", title, "late", facts.issuer, advice)


def _key(facts: CheckFacts) -> Finding:
    title = _("Signing key")
    detail = _("Registry 2.8: %(libtrust)s · registry 3: %(thumbprint)s") % {
        "libtrust": facts.key_id,
        "thumbprint": facts.thumbprint,
    }
    left = facts.certificate_ends - facts.now
    if left <= timedelta():
        advice = _("Its certificate has expired, and every token is refused: replace the key.")
        return Finding("key", title, "bad", detail, advice)
    if left <= CERTIFICATE_ENDS_SOON:
        advice = _("Its certificate ends in %(time)s: replace the key before.")
        return Finding(
            "key", title, "late", detail, advice % {"time": duration(left.total_seconds())}
        )
    if facts.is_rotating:
        advice = _("The key is being replaced: two certificates are in the bundle.")
        return Finding("key", title, "late", detail, advice)
    return Finding("key", title, "good", detail)


def _token(facts: CheckFacts) -> Finding:
    title = _("A token, tried")
    if facts.token_is_taken is None:
        return Finding("token", title, "off", _("It could not be tried."))
    if facts.token_is_taken:
        return Finding("token", title, "good", _("The registry took a token that was just signed."))
    return Finding(
        "token",
        title,
        "bad",
        _("The registry refuses the portal's tokens: nobody can pull or push."),
        _(
            "Put the portal's bundle where rootcertbundle points and restart the registry, which reads"
            " it once; then compare issuer, audience and clock."
        ),
    )


def _events(facts: CheckFacts) -> Finding:
    title = _("Last event")
    if facts.last_event_at is None:
        detail = _("None has come yet.")
        advice = _(
            "Push an image. Where none comes then, see notifications in the registry's file."
        )
        return Finding("events", title, "off", detail, advice)
    age = duration((facts.now - facts.last_event_at).total_seconds())
    detail = _("%(time)s ago") % {"time": age}
    if facts.last_push_at and facts.last_push_at - facts.last_event_at > timedelta(minutes=15):
        advice = _(
            "Images came since that no event told of: see that the registry reaches"
            " /internal/registry/events with the key in secrets/registry-event-key."
        )
        return Finding("events", title, "bad", detail, advice)
    return Finding("events", title, "good", detail)


def _storage(facts: CheckFacts) -> Finding:
    title = _("Storage free")
    if facts.free_bytes is None or not facts.whole_bytes:
        detail = _("Not known of a registry of your own; watch it where it runs.")
        return Finding("storage", title, "off", detail)
    share = facts.free_bytes / facts.whole_bytes
    detail = _("%(free)s of %(whole)s") % {
        "free": bytes_human(facts.free_bytes),
        "whole": bytes_human(facts.whole_bytes),
    }
    if share > SOON_FULL:
        return Finding("storage", title, "good", detail)
    advice = _("Delete what is not needed and collect garbage, or give the disk more room.")
    return Finding("storage", title, "bad" if share < LEAST_FREE else "late", detail, advice)
