"""Asks for scans: in the background, or as an Operation that a person follows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from apps.registry.services import images_behind
from apps.scanning import backends
from apps.scanning.models import ScanReport
from apps.scanning.ports import ScannerPort
from apps.scanning.services.scanning import LOCK, LOCK_S, scan_now
from dce_portal.errors import Conflict, InvalidInput, PortalError, Unavailable
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

SCAN: Final = "scan.run"
WAIT_S: Final = 1.0


def request_scans(repository: str, digest: str) -> list[ScanReport]:
    """A waiting report for each image behind the digest, as soon as a scanner is free."""
    digests = images_behind(repository, digest)
    known = set(ScanReport.objects.filter(digest__in=digests).values_list("digest", flat=True))
    rows = [ScanReport(digest=one, repository=repository) for one in digests if one not in known]
    ScanReport.objects.bulk_create(rows, ignore_conflicts=True)
    return list(ScanReport.objects.defer("findings").filter(digest__in=digests))


@transaction.atomic
def start_scan(repository: str, digest: str, *, origin: Origin) -> Operation:
    """Scan each image behind the digest now."""
    if backends.scanner() is None:
        raise Unavailable(no_scanner(), permanent=True)
    if not images_behind(repository, digest):
        raise InvalidInput(_("There is no image behind this digest."), field="digest")
    if Operation.objects.filter(kind=SCAN).exclude(state__in=FINAL_STATES).exists():
        raise Conflict(_("Another scan is under way; start this one when it is over."))
    request_scans(repository, digest)
    return start_operation(
        SCAN,
        title=_("Scan %(name)s") % {"name": f"{repository}@{digest[:19]}"},
        target=Target("repository", "", repository),
        origin=origin,
        parameters={"repository": repository, "digest": digest},
    )


def no_scanner() -> str:
    """What to do."""
    return _(
        "There is no scanner. Install Trivy on the controller, or name its program in DCE_TRIVY; "
        "docs/scanning.md tells how."
    )


@operation_handler(SCAN)
def run_scan(run: OperationRun) -> Mapping[str, Any]:
    """One image after the other."""
    scanner = backends.scanner()
    if scanner is None:
        raise Unavailable(no_scanner(), permanent=True)
    repository, digest = run.parameters["repository"], run.parameters["digest"]
    reports = request_scans(repository, digest)
    totals: dict[str, int] = {}
    problems: dict[str, None] = {}
    for number, report in enumerate(reports):
        try:
            counts = _scanned(run, scanner, report)
        except PortalError as error:
            run.stop_if_cancelled()
            problems[error.message] = None
            run.say(f"✗ {report.digest[:19]}: {error.message}")
        else:
            totals = {name: totals.get(name, 0) + count for name, count in counts.items()}
        run.progress((number + 1) * 100 // len(reports))
    if problems:
        raise Unavailable(" ".join(problems))
    return totals


def _scanned(run: OperationRun, scanner: ScannerPort, report: ScanReport) -> dict[str, int]:
    with _alone(run):
        counts = scan_now(scanner, report, is_wanted=lambda: _is_wanted(run))
    run.say(_said(report, counts))
    return counts


@contextmanager
def _alone(run: OperationRun) -> Iterator[None]:
    """Once no other scan is under way."""
    until = time.monotonic() + LOCK_S
    run.stop_if_cancelled()
    while not cache.add(LOCK, 1, timeout=LOCK_S):
        if time.monotonic() > until:
            raise Conflict(_("Another scan is under way; start this one when it is over."))
        time.sleep(WAIT_S)
        run.stop_if_cancelled()
    try:
        yield
    finally:
        cache.delete(LOCK)


def _said(report: ScanReport, counts: Mapping[str, int]) -> str:
    found = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{report.digest[:19]}: {found or _('nothing found')}"


def _is_wanted(run: OperationRun) -> bool:
    return not Operation.objects.filter(pk=run.operation.pk, cancel_requested=True).exists()
