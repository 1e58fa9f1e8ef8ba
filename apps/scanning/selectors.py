"""What reads reports: those that a person may see, and whether an image may be pulled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.registry.selectors import repositories_visible_to
from apps.registry.services import images_behind, own_registry
from apps.scanning.models import ScanPolicy, ScanReport
from apps.scanning.rules.blocking import Limits, blocking, exceptions_in
from dce_portal.errors import NotFound

if TYPE_CHECKING:
    from apps.registry.selectors import Person

NAMED_AT_MOST = 5
AGED = timedelta(days=1)
State = ScanReport.State


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pull may go on; else why not, in words for the client."""

    is_allowed: bool
    reason: str = ""


ALLOWED = Verdict(is_allowed=True)


def reports_visible_to(user: Person) -> QuerySet[ScanReport]:
    """Those of images in repositories that the person may pull, without their findings; `place` is one of these."""
    reports = ScanReport.objects.defer("findings")
    if getattr(user, "is_superuser", False):
        return reports.annotate(place=F("repository"))
    visible = repositories_visible_to(user)
    holding = visible.filter(manifests__digest=OuterRef("digest"))
    # Where it was read from, if the person may know of that.
    own = holding.filter(name=OuterRef("repository"))
    place = Coalesce(*(Subquery(one.order_by("name").values("name")[:1]) for one in (own, holding)))
    digests = visible.values("manifests__digest")
    return reports.filter(digest__in=digests).annotate(place=place)


def repository_holding(digest: str, *, rather: str) -> str | None:
    """A repository in which the image is now, this one where it can be; None where it is gone."""
    namespaces: Any = ScanPolicy._meta.get_field("namespace").related_model
    holding = namespaces.objects.filter(
        repositories__missing_since=None,
        repositories__manifests__digest=digest,
        repositories__manifests__missing_since=None,
    )
    name = F("repositories__name")
    rank = Case(When(repositories__name=rather, then=Value(0)), default=Value(1))
    found: str | None = holding.order_by(rank, name).values_list(name, flat=True).first()
    return found


def limits_of(policy: ScanPolicy | None) -> Limits:
    """What a policy wants, in the rules' shape."""
    if policy is None:
        return Limits()
    return Limits(
        block_from=policy.block_from,
        only_fixable=policy.only_fixable,
        block_unscanned=policy.block_unscanned,
        excepted=exceptions_in(policy.excepted),
    )


def may_pull(namespace: str, repository: str, reference: str) -> Verdict:
    """Whether a manifest may be pulled; `reference` is a digest or a tag.

    One query where the namespace blocks nothing. What a tag points at is asked of the registry, as
    the catalogue is seconds behind it; Unavailable where it does not answer. What the catalogue does
    not know yet was not scanned. An index may always be pulled: each of its images is asked about
    when it is pulled itself.
    """
    policy = ScanPolicy.objects.filter(namespace__name=namespace).first()
    limits = limits_of(policy)
    if not limits.blocks_anything:
        return ALLOWED
    digest = reference if ":" in reference else _digest_now(repository, reference)
    images = [] if digest is None else images_behind(repository, digest)
    if images and images != [digest]:
        return ALLOWED
    report = ScanReport.objects.filter(digest=digest).first()
    return _judged(report, limits)


def _digest_now(repository: str, tag: str) -> str | None:
    try:
        with own_registry() as registry:
            return registry.digest_of(repository, tag=tag)
    except NotFound:
        return None


def _judged(report: ScanReport | None, limits: Limits) -> Verdict:
    if report is None or report.scanned_at is None:
        reason = _("this image was not scanned yet, and its namespace lets no such image be pulled")
        return Verdict(is_allowed=False, reason=reason) if limits.block_unscanned else ALLOWED
    names = blocking(report.findings, limits)
    if not names:
        return ALLOWED
    shown = ", ".join(names[:NAMED_AT_MOST])
    reason = ngettext(
        "this image has %(n)d vulnerability that its namespace does not allow: %(names)s",
        "this image has %(n)d vulnerabilities that its namespace does not allow: %(names)s",
        len(names),
    )
    return Verdict(is_allowed=False, reason=reason % {"n": len(names), "names": shown})


def next_to_scan(now: datetime) -> ScanReport | None:
    """The report that waits longest, then what failed and may be tried again, then the oldest that is a day old."""
    rows = ScanReport.objects.defer("findings")
    waiting = rows.filter(state=State.WAITING).order_by("pk")
    lapsed = rows.filter(state__in=(State.RUNNING, State.FAILED), lease_until__lt=now)
    aged = rows.filter(state=State.DONE, scanned_at__lt=now - AGED)
    return (
        waiting.first()
        or lapsed.order_by("lease_until").first()
        or aged.order_by("scanned_at").first()
    )
