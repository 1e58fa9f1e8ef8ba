"""What the pages about scans show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.registry.extensions import ArtifactTab, register_artifact_tab
from apps.registry.services import images_behind
from apps.scanning import backends
from apps.scanning.models import ScanReport, Severity
from apps.scanning.rules.findings import SEVERITIES

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

    from apps.registry.models import Tag

FINDINGS_SHOWN = 200
TONES = {"waiting": "busy", "running": "busy", "done": "good", "failed": "bad"}


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a severity."""

    severity: str
    label: _StrOrPromise
    number: int


def counts(report: ScanReport) -> list[Count]:
    """Of every severity that was found, the worst first."""
    words = dict(Severity.choices)
    numbers = [(name, getattr(report, name)) for name in SEVERITIES]
    return [Count(name, words[name], number) for name, number in numbers if number]


def tone_of(report: ScanReport) -> str:
    """Good only where nothing bad was found."""
    if report.state != ScanReport.State.DONE:
        return TONES[report.state]
    if report.critical or report.high:
        return "bad"
    return "late" if report.medium or report.low else "good"


def report_page(report: ScanReport) -> dict[str, Any]:
    """One report whole."""
    return {"shown": _shown(report, {}), "has_scanner": backends.scanner() is not None}


def tab_facts(request: HttpRequest, tag: Tag) -> Mapping[str, Any] | None:
    """The reports of a tag's images, one a platform."""
    repository, manifest = tag.repository.name, tag.manifest
    digests = images_behind(repository, manifest.digest)
    if not digests:
        return None
    rows = ScanReport.objects.filter(digest__in=digests).prefetch_related("sboms")
    found = {row.digest: row for row in rows}
    found_all = [found[digest] for digest in digests if digest in found]
    platforms = dict(manifest.children.values_list("digest", "platform"))
    return {
        "reports": [_shown(row, platforms) for row in found_all],
        "missing": len(digests) - len(found),
        "has_scanner": backends.scanner() is not None,
        "may_scan": may_scan(request.user),
        "repository_name": repository,
        "digest": manifest.digest,
    }


def _shown(report: ScanReport, platforms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "report": report,
        "platform": platforms.get(report.digest, ""),
        "tone": tone_of(report),
        "counts": counts(report),
        "findings": report.findings[:FINDINGS_SHOWN],
        "more": max(0, sum(getattr(report, name) for name in SEVERITIES) - FINDINGS_SHOWN),
        "sboms": [(one.kind, one.get_kind_display()) for one in report.sboms.all()],
    }


def may_scan(user: Any) -> bool:  # noqa: ANN401 - whoever asks
    """By Django's permission."""
    return bool(user.has_perm("scanning.start_scan"))


def register_tab() -> None:
    """Hang the tab on every tag's page."""
    register_artifact_tab(
        ArtifactTab(
            key="vulnerabilities",
            title=_("Vulnerabilities"),
            template="scanning/tab.html",
            facts=tab_facts,
            order=60,
        )
    )
