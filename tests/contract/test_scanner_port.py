"""What every scanner behind the port does: the one in memory, and Trivy's program, here with a recorded report."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apps.scanning.adapters.fake import FakeScanner
from apps.scanning.adapters.trivy import Trivy
from apps.scanning.ports import ImagePlace, ScannerPort, ScanResult
from apps.scanning.rules.findings import read_trivy
from dce_portal.errors import Unavailable
from dce_portal.secret import Secret
from tests.standins.trivy import RECORDING, write_trivy

PASSWORD = "a password of the door"
KNOWN = "sha256:" + "1" * 64


class Door(BaseHTTPRequestHandler):
    """Has one manifest."""

    def do_GET(self):
        self.send_response(200 if self.path.endswith(KNOWN) else 404)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def host() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def trivy_in(folder: Path, **more: object) -> Trivy:
    return Trivy(program=write_trivy(folder), cache=folder / "cache", **more)


@pytest.fixture(params=["memory", "program"])
def scanner(request: pytest.FixtureRequest, tmp_path: Path) -> ScannerPort:
    if request.param == "program":
        return trivy_in(tmp_path)
    findings, system = read_trivy(RECORDING.read_bytes())
    sboms = {"cyclonedx": b"{}", "spdx": b"{}"}
    return FakeScanner(ScanResult(findings=findings, system=system, scanner="f", sboms=sboms))


def image(host: str, digest: str = KNOWN) -> ImagePlace:
    return ImagePlace(host, "team/app", digest, "portal", Secret(PASSWORD))


def test_findings_come_worst_first_with_sboms(scanner: ScannerPort, host: str) -> None:
    result = scanner.scan(image(host), is_wanted=lambda: True)
    assert [one.severity for one in result.findings] == ["critical", "high", "medium"]
    assert result.system == "alpine 3.10.2"
    assert result.scanner
    assert set(result.sboms) == {"cyclonedx", "spdx"}
    places = ["alpine 3.10.2", "usr/lib/python3.7/site-packages/py-1.11.0.dist-info/METADATA"]
    assert [one.place for one in result.findings] == [*places, places[0]]


def test_the_door_and_the_repository_that_was_read_are_named_nowhere(
    tmp_path: Path, host: str
) -> None:
    result = trivy_in(tmp_path).scan(image(host), is_wanted=lambda: True)
    assert json.loads(result.sboms["spdx"]) == {"form": "spdx-json", "name": KNOWN}
    told = repr(result)
    assert "127.0.0.1" not in told
    assert "team/" not in told


def test_the_program_is_given_no_secret_in_its_arguments(tmp_path: Path, host: str) -> None:
    trivy = trivy_in(
        tmp_path, server="http://trivy.test:4954", token=Secret("the token"), is_offline=True
    )
    trivy.scan(image(host), is_wanted=lambda: True)
    called = (tmp_path / "calls").read_text()
    assert PASSWORD not in called
    assert "the token" not in called
    first = called.splitlines()[0]
    assert "--server=http://trivy.test:4954" in first
    assert "--skip-db-update" in first
    assert first.endswith(f"{host}/team/app@{KNOWN}")


def test_what_the_program_says_is_told(tmp_path: Path, host: str) -> None:
    with pytest.raises(Unavailable, match="MANIFEST_UNKNOWN"):
        trivy_in(tmp_path).scan(image(host, "sha256:gone"), is_wanted=lambda: True)


def test_a_report_that_cannot_be_read_is_told(tmp_path: Path, host: str) -> None:
    trivy = trivy_in(tmp_path)
    text = trivy.program.read_text().replace(str(RECORDING), "/dev/null")
    trivy.program.write_text(text)
    with pytest.raises(Unavailable, match="cannot be used"):
        trivy.scan(image(host), is_wanted=lambda: True)


def test_a_scan_that_nobody_wants_is_ended(tmp_path: Path, host: str) -> None:
    trivy = trivy_in(tmp_path)
    trivy.program.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(Unavailable, match="cancelled"):
        trivy.scan(image(host), is_wanted=lambda: False)


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    trivy = Trivy(program=tmp_path / "nothing here", cache=tmp_path)
    with pytest.raises(Unavailable, match="could not be started: No such file"):
        trivy.scan(image("127.0.0.1:1"), is_wanted=lambda: True)
