"""Has one image scanned, and keeps what was found."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.registry.services import unknown_digests
from apps.scanning import backends
from apps.scanning.models import Sbom, ScanReport
from apps.scanning.ports import ScannerPort, ScanResult
from apps.scanning.rules.findings import as_rows, counts_of
from apps.scanning.selectors import next_to_scan, repository_holding
from apps.webhooks.services import raise_event
from dce_portal.errors import Conflict, PortalError

log = structlog.get_logger(__name__)

SLICE: Final = 500
LEASE: Final = timedelta(seconds=900)
# What failed is tried again by itself, since the scanner may have been the reason.
TRY_AGAIN: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(days=1)
# Scanners share one database; the lock outlasts the longest scan, and frees itself after a worker that died.
LOCK: Final = "scanning:lock"
LOCK_S: Final = 1000
State = ScanReport.State


def scan_next(scanner: ScannerPort) -> bool:
    """Scan what waits longest; False where nothing does."""
    report = next_to_scan(timezone.now())
    if report is None:
        return False
    try:
        scan_now(scanner, report, is_wanted=lambda: True)
    except PortalError as error:
        log.warning("scan_failed", image=str(report), reason=error.message)
    return True


def scan_now(
    scanner: ScannerPort, report: ScanReport, *, is_wanted: Callable[[], bool]
) -> dict[str, int]:
    """Scan one image and keep the result; what was found earlier stays when this fails."""
    _claim(report)
    try:
        with backends.reachable(report.repository, report.digest) as image:
            result = scanner.scan(image, is_wanted=is_wanted)
    except PortalError as error:
        _note_failure(report, error.message)
        raise
    except Exception:
        _note_failure(report, _("An unexpected error stopped the scan; the portal's log has it."))
        raise
    except BaseException:
        ScanReport.objects.filter(pk=report.pk).update(state=State.WAITING, lease_until=None)
        raise
    return _keep(report, result)


def _claim(report: ScanReport) -> None:
    """Conflict while somebody else scans it."""
    now = timezone.now()
    # The repository of the first push may be gone, or lack it now.
    place = repository_holding(report.digest, rather=report.repository)
    report.repository = place or report.repository
    free = ~Q(state=State.RUNNING) | Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = ScanReport.objects.filter(free, pk=report.pk).update(
        state=State.RUNNING, lease_until=now + LEASE, repository=report.repository
    )
    if not claimed:
        raise Conflict(_("This image is being scanned already; look again in a few minutes."))


def _note_failure(report: ScanReport, problem: str) -> None:
    """The pause doubles with each failure in a row, so that what cannot be scanned keeps nothing back."""
    row = ScanReport.objects.filter(pk=report.pk)
    attempts = row.values_list("attempts", flat=True).first() or 0
    pause = min(TRY_AGAIN * 2 ** min(attempts, 10), LONGEST_PAUSE)
    # Readers of another repository that holds the image see this, too.
    said = problem.replace(report.repository, "…")
    again = {"attempts": attempts + 1, "lease_until": timezone.now() + pause}
    row.update(state=State.FAILED, problem=said, **again)


@transaction.atomic
def _keep(report: ScanReport, result: ScanResult) -> dict[str, int]:
    counts = counts_of(result.findings)
    ScanReport.objects.filter(pk=report.pk).update(
        **counts,
        state=State.DONE,
        findings=as_rows(result.findings),
        system=result.system[:100],
        scanner=result.scanner[:100],
        problem="",
        attempts=0,
        lease_until=None,
        scanned_at=timezone.now(),
    )
    for kind, text in result.sboms.items():
        packed = {"packed": gzip.compress(text, 6)}
        Sbom.objects.update_or_create(report=report, kind=kind, defaults=packed)
    facts = {"digest": report.digest, "scanner": result.scanner, **counts}
    raise_event("scan", facts, repository=report.repository)
    return counts


def drop_orphans() -> int:
    """Forget reports of images that no repository has any more; returns how many."""
    digests = list(ScanReport.objects.values_list("digest", flat=True))
    gone = [
        digest
        for begin in range(0, len(digests), SLICE)
        for digest in unknown_digests(digests[begin : begin + SLICE])
    ]
    for begin in range(0, len(gone), SLICE):
        ScanReport.objects.filter(digest__in=gone[begin : begin + SLICE]).delete()
    return len(gone)
