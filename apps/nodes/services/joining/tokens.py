"""Join tokens: made, shown once, found again by what a host sends, and revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import tokens
from apps.accounts.services import record_audit
from apps.nodes.models import Cluster, JoinToken, Node
from apps.nodes.services.joining.throttle import count_guess, refuse_if_guessing
from apps.nodes.services.labels import check_labels
from dce_portal.errors import Conflict, InvalidInput, NotFound
from dce_portal.operations import Target
from dce_portal.origin import Origin

PREFIX = "dcej_"
MOST_USES = 100
USUAL_MINUTES = 60
MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWish:
    """What a new token shall be; no cluster means that the first host makes a new Swarm."""

    cluster: Cluster | None = None
    role: str = Node.Role.WORKER
    availability: str = Node.Availability.ACTIVE
    labels: Mapping[str, str] = field(default_factory=dict)
    uses: int = 1
    minutes: int = USUAL_MINUTES


@dataclass(frozen=True, slots=True)
class IssuedJoinToken:
    """A new join token and its whole text, which is shown once and kept nowhere."""

    token: JoinToken
    secret: str = field(repr=False)


def issue_join_token(*, wish: JoinWish, origin: Origin) -> IssuedJoinToken:
    """Make a token; the caller has checked `nodes.add_jointoken`."""
    _check(wish)
    made = tokens.generate(prefix=PREFIX)
    with transaction.atomic():
        token = JoinToken.objects.create(
            key=made.key,
            digest=_digest(made.whole),
            cluster=wish.cluster,
            role=wish.role,
            availability=wish.availability,
            labels=dict(wish.labels),
            uses_allowed=wish.uses,
            created_by_id=getattr(origin.actor, "pk", None),
            expires_at=timezone.now() + timedelta(minutes=wish.minutes),
        )
        record_audit(
            "jointoken.issue", origin=origin, target=target_of(token), detail=_facts(token)
        )
    return IssuedJoinToken(token=token, secret=made.whole)


def revoke_join_token(token: JoinToken, *, origin: Origin) -> None:
    """End a token at once; hosts that have joined with it stay."""
    with transaction.atomic():
        alive = JoinToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not alive.update(revoked_at=timezone.now()):
            raise Conflict(_("This join token was revoked already; nothing was changed."))
        record_audit("jointoken.revoke", origin=origin, target=target_of(token))
    token.refresh_from_db(fields=["revoked_at"])


def known_token(text: str, *, address: str | None) -> JoinToken:
    """The token that a host sent, usable or not; NotFound for a guess, which is counted."""
    refuse_if_guessing(address)
    parsed = tokens.parse(text, prefix=PREFIX)
    rows = JoinToken.objects.select_related("cluster", "created_by", "founder")
    token = rows.filter(key=parsed.key).first() if parsed else None
    # A digest is compared in any case, so that the time tells nothing about which keys exist.
    if not tokens.matches(_digest(text), token.digest if token else _digest("")) or token is None:
        count_guess(address)
        raise NotFound(_("This join token is not known here; copy the line again, whole."))
    return token


def target_of(token: JoinToken) -> Target:
    """The token as the audit names it."""
    return Target("jointoken", str(token.pk), str(token))


def _check(wish: JoinWish) -> None:
    check_labels(wish.labels)
    if wish.cluster is not None and wish.cluster.kind != Cluster.Kind.SWARM:
        raise InvalidInput(_("Hosts can only join a Swarm."), field="cluster")
    if wish.role not in {Node.Role.WORKER, Node.Role.MANAGER}:
        raise InvalidInput(_("A node's role is worker or manager."), field="role")
    if wish.availability not in Node.Availability.values:
        words = ", ".join(Node.Availability.values)
        message = _("Availability must be one of: %(words)s.") % {"words": words}
        raise InvalidInput(message, field="availability")
    _check_between(wish.uses, 1, MOST_USES, field="uses")
    _check_between(wish.minutes, 1, MOST_MINUTES, field="minutes")


def _check_between(value: int, least: int, most: int, *, field: str) -> None:
    if not least <= value <= most:
        message = _("Choose a number from %(least)s to %(most)s.")
        raise InvalidInput(message % {"least": least, "most": most}, field=field)


def _facts(token: JoinToken) -> dict[str, object]:
    return {
        "cluster": token.cluster.name if token.cluster else None,
        "role": token.role,
        "availability": token.availability,
        "labels": token.labels,
        "uses": token.uses_allowed,
        "expires_at": token.expires_at.isoformat(),
    }


def _digest(whole: str) -> str:
    return tokens.digest_of("join", whole, pepper=tokens.pepper_of(settings.SECRET_KEY))
