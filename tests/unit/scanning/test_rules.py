"""Reading Trivy's report, and what a policy makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.scanning.rules.blocking import Limits, blocking, exceptions_in
from apps.scanning.rules.findings import ReportUnreadable, as_rows, counts_of, read_trivy

RECORDING = Path(__file__).parents[2] / "recordings" / "trivy-alpine.json"


def recorded():
    findings, _system = read_trivy(RECORDING.read_bytes())
    return findings


def test_findings_come_worst_first_and_each_once():
    findings, system = read_trivy(RECORDING.read_bytes())
    assert system == "alpine 3.10.2"
    assert [(one.id, one.severity, one.fixed) for one in findings] == [
        ("CVE-2019-14697", "critical", "1.1.22-r4"),
        ("CVE-2020-0001", "high", ""),
        ("CVE-2019-1549", "medium", "1.1.1d-r0"),
    ]
    assert counts_of(findings) == {
        "critical": 1, "high": 1, "medium": 1, "low": 0, "unknown": 0
    }  # fmt: skip


def test_only_addresses_of_the_web_become_links():
    assert [one.url[:8] for one in recorded()] == ["https://", "", "https://"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        '{"SchemaVersion": 1}',
        '{"SchemaVersion": 2, "Results": {}}',
        '{"SchemaVersion": 2, "Results": [{"Vulnerabilities": ["x"]}]}',
    ],
)
def test_what_is_no_report_is_refused(text):
    with pytest.raises(ReportUnreadable):
        read_trivy(text.encode())


def test_an_image_without_packages_has_no_findings():
    assert read_trivy(b'{"SchemaVersion": 2, "Results": null}') == ((), "")


def test_a_severity_that_nobody_knows_is_unknown():
    one = {"VulnerabilityID": "X", "Severity": "SEVERE"}
    report = {"SchemaVersion": 2, "Results": [{"Vulnerabilities": [one]}]}
    findings, _system = read_trivy(json.dumps(report).encode())
    assert findings[0].severity == "unknown"


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        (Limits(), []),
        (Limits(block_from="critical"), ["CVE-2019-14697"]),
        (Limits(block_from="high"), ["CVE-2019-14697", "CVE-2020-0001"]),
        (Limits(block_from="high", only_fixable=True), ["CVE-2019-14697"]),
        (
            Limits(block_from="low", excepted=exceptions_in("cve-2019-14697 not reachable\n\n")),
            ["CVE-2020-0001", "CVE-2019-1549"],
        ),
    ],
)
def test_what_blocks(limits, names):
    assert blocking(as_rows(recorded()), limits) == names
