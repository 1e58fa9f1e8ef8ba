"""Reads a scanner's report, and counts what it found; pure, and strict about what it relies on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from apps.scanning.ports import Finding

SEVERITIES: Final = ("critical", "high", "medium", "low", "unknown")
SCHEMA: Final = 2
MOST_KEPT: Final = 2000
LONGEST: Final = 300


class ReportUnreadable(Exception):
    """The text is no report of a kind that we know; it says why."""


def read_trivy(text: bytes) -> tuple[tuple[Finding, ...], str]:
    """The findings of Trivy's JSON, the worst first, and the operating system."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ReportUnreadable(f"it is no JSON ({error})") from error
    if not isinstance(document, dict) or document.get("SchemaVersion") != SCHEMA:
        raise ReportUnreadable("it is not of schema 2")
    found: dict[tuple[str, ...], Finding] = {}
    for one in _findings(document):
        found.setdefault(_key(one), one)
    ordered = sorted(found.values(), key=lambda one: (rank(one.severity), one.id, one.package))
    return tuple(ordered), _system(document)


def _findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    name = str(document.get("ArtifactName") or "")
    for result in _objects(document.get("Results")):
        place = _place(_text(result, "Target"), name)
        for one in _objects(result.get("Vulnerabilities")):
            yield _finding(one, place)


def _place(target: str, name: str) -> str:
    """Trivy puts the image's name before its system: the door's address, and the repository that was read.

    Neither means anything to a reader, who may know the image from another repository.
    """
    if not name or not target.startswith(name[:LONGEST]):
        return target
    return target[len(name) :].strip(" ()")


def without_name(text: bytes, digest: str) -> bytes:
    """The same report of an image that is called by its digest, wherever it was read from."""
    document = json.loads(text)
    kept = {**(document.get("Metadata") or {}), "RepoTags": [], "RepoDigests": []}
    name = str(document.get("ArtifactName") or "")
    results = [
        {**one, "Target": _place(_text(one, "Target"), name)}
        for one in _objects(document.get("Results"))
    ]
    renamed = {"ArtifactName": digest, "Metadata": kept, "Results": results}
    return json.dumps({**document, **renamed}).encode()


def _finding(one: Mapping[str, Any], place: str) -> Finding:
    severity = _text(one, "Severity").lower()
    url = _text(one, "PrimaryURL")
    return Finding(
        id=_text(one, "VulnerabilityID"),
        severity=severity if severity in SEVERITIES else "unknown",
        package=_text(one, "PkgName"),
        installed=_text(one, "InstalledVersion"),
        fixed=_text(one, "FixedVersion"),
        title=_text(one, "Title"),
        url=url if url.startswith("https://") else "",
        place=_text(one, "PkgPath") or place,
    )


def _key(one: Finding) -> tuple[str, str, str, str]:
    return one.id, one.package, one.installed, one.place


def _system(document: Mapping[str, Any]) -> str:
    found = (document.get("Metadata") or {}).get("OS") or {}
    return f"{found.get('Family', '')} {found.get('Name', '')}".strip()[:100]


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """A list of objects, or nothing in its place; anything else is an error."""
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ReportUnreadable("it lists something that is no object")
    yield from value


def _text(one: Mapping[str, Any], name: str) -> str:
    return str(one.get(name) or "").replace("\0", "")[:LONGEST]


def rank(severity: str) -> int:
    """The worst is 0."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def counts_of(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each severity."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for one in findings:
        counts[one.severity] += 1
    return counts


def as_rows(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """As they are kept: the worst ones, as many as a page can bear."""
    return [asdict(one) for one in list(findings)[:MOST_KEPT]]
