"""Reading Trivy's report, and what a policy makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.scanning.rules.blocking import Limits, blocking, exceptions_in
from apps.scanning.rules.findings import (
    ReportUnreadable,
    as_rows,
    counts_of,
    read_trivy,
    without_name,
)

RECORDING = Path(__file__).parents[2] / "recordings" / "trivy-alpine.json"


def recorded():
    findings, _system = read_trivy(RECORDING.read_bytes())
    return findings


def test_findings_come_worst_first_and_each_once():
    findings, system = read_trivy(RECORDING.read_bytes())
    assert system == "alpine 3.10.2"
    assert [(one.id, one.severity, one.fixed) for one in findings] == [
        ("CVE-2019-14697", "critical", "1.1.22-r4"),
        ("CVE-2022-42969", "high", ""),
        ("CVE-2019-1549", "medium", "1.1.1d-r0"),
    ]
    assert counts_of(findings) == {
        "critical": 1, "high": 1, "medium": 1, "low": 0, "unknown": 0
    }  # fmt: skip


def report_of(*found, target=""):
    results = [{"Target": target, "Vulnerabilities": list(found)}]
    return json.dumps(
        {"SchemaVersion": 2, "ArtifactName": "door/team/app@sha256:1", "Results": results}
    ).encode()


def test_only_addresses_of_the_web_become_links():
    assert {one.url[:8] for one in recorded()} == {"https://"}
    script = {"VulnerabilityID": "X", "PrimaryURL": "javascript:alert(1)"}
    findings, _system = read_trivy(report_of(script))
    assert findings[0].url == ""


def test_the_same_twice_is_one():
    one = {"VulnerabilityID": "X", "PkgName": "a", "InstalledVersion": "1"}
    findings, _system = read_trivy(report_of(one, one, {**one, "PkgName": "b"}))
    assert [found.package for found in findings] == ["a", "b"]


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("door/team/app@sha256:1 (alpine 3.10.2)", "alpine 3.10.2"),
        ("door/team/app@sha256:1", ""),
        ("Python", "Python"),
        ("usr/bin/app", "usr/bin/app"),
    ],
)
def test_a_place_is_one_inside_the_image(target, place):
    findings, _system = read_trivy(report_of({"VulnerabilityID": "X"}, target=target))
    assert findings[0].place == place


def test_a_report_without_a_name_keeps_all_else():
    text = RECORDING.read_bytes()
    nameless = without_name(text, "sha256:1")
    assert b"team/" not in nameless
    assert read_trivy(nameless) == read_trivy(text)
    assert json.loads(nameless)["ArtifactName"] == "sha256:1"
    assert without_name(b'{"SchemaVersion": 2, "Results": null}', "sha256:1")


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
        (Limits(block_from="high"), ["CVE-2019-14697", "CVE-2022-42969"]),
        (Limits(block_from="high", only_fixable=True), ["CVE-2019-14697"]),
        (
            Limits(block_from="low", excepted=exceptions_in("cve-2019-14697 not reachable\n\n")),
            ["CVE-2022-42969", "CVE-2019-1549"],
        ),
    ],
)
def test_what_blocks(limits, names):
    assert blocking(as_rows(recorded()), limits) == names
