"""Trivy's program, alone or as the client of a Trivy server; credentials go by its environment, never by arguments."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from apps.scanning.ports import ImagePlace, ScanResult
from apps.scanning.rules.findings import ReportUnreadable, read_trivy, without_name
from apps.scanning.rules.saying import cause_of
from dce_portal.errors import Unavailable
from dce_portal.secret import Secret

LONGEST_S: Final = 600.0
CONVERT_S: Final = 60.0
VERSION_S: Final = 10.0
POLL_S: Final = 0.2
ASK_EVERY_S: Final = 1.0
END_S: Final = 10.0
LAST_BYTES: Final = 8192
REPORT_LIMIT_BYTES: Final = 128 * 1024 * 1024
SBOM_LIMIT_BYTES: Final = 32 * 1024 * 1024
PASSED_ON: Final = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY")
SBOMS: Final = {"cyclonedx": "cyclonedx", "spdx": "spdx-json"}


@dataclass(frozen=True, slots=True)
class Trivy:
    """The ScannerPort over one program."""

    program: Path
    cache: Path
    server: str = ""
    token: Secret | None = None
    is_offline: bool = False

    def scan(self, image: ImagePlace, *, is_wanted: Callable[[], bool]) -> ScanResult:
        """Look into one image, and write down what it is made of."""
        with tempfile.TemporaryDirectory(prefix="dce-trivy-") as name:
            folder = Path(name)
            report = folder / "report.json"
            self._run(self._arguments(image, report), folder, self._secrets(image), is_wanted)
            try:
                text = _limited(report, REPORT_LIMIT_BYTES)
                findings, system = read_trivy(text)
                report.write_bytes(without_name(text, image.digest))
            except (OSError, ReportUnreadable) as error:
                sentence = _("Trivy's report cannot be used: %(cause)s.")
                raise Unavailable(sentence % {"cause": error}, permanent=True) from error
            sboms = {kind: self._converted(report, kind, folder) for kind in SBOMS}
        kept = {kind: text for kind, text in sboms.items() if text}
        return ScanResult(findings=findings, system=system, scanner=self.version(), sboms=kept)

    def version(self) -> str:
        """As the program calls itself."""
        try:
            done = subprocess.run(
                [self.program, "--version"],
                env=_environment(Path(tempfile.gettempdir()), {}),
                capture_output=True,
                timeout=VERSION_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return "Trivy"
        first = done.stdout.decode(errors="replace").partition("\n")[0]
        return f"Trivy {first.removeprefix('Version:').strip()}".strip()[:100]

    def _arguments(self, image: ImagePlace, report: Path) -> list[str]:
        options = [
            f"--cache-dir={self.cache}",
            "image",
            "--quiet",
            "--format=json",
            "--list-all-pkgs",
            "--scanners=vuln",
            "--image-src=remote",
            f"--timeout={round(LONGEST_S)}s",
            f"--output={report}",
        ]
        if self.server:
            options.append(f"--server={self.server}")
        if self.is_offline:
            options += ["--skip-db-update", "--skip-java-db-update", "--offline-scan"]
        return [*options, image.name]

    def _secrets(self, image: ImagePlace) -> dict[str, str]:
        """The door is plain HTTP on this machine; its password is good for this scan alone."""
        secrets = {
            "TRIVY_USERNAME": image.username,
            "TRIVY_PASSWORD": image.password.reveal(),
            "TRIVY_NON_SSL": "true",
            "TRIVY_INSECURE": "true",
        }
        return {**secrets, "TRIVY_TOKEN": self.token.reveal()} if self.token else secrets

    def _run(
        self,
        arguments: list[str],
        folder: Path,
        secrets: Mapping[str, str],
        is_wanted: Callable[[], bool],
    ) -> None:
        said = folder / "said"
        with said.open("wb") as log:
            process = self._begun(arguments, _environment(folder, secrets), log)
            try:
                code = _watched(process, is_wanted)
            finally:
                _end(process)
        if code:
            raise Unavailable(_last_words(said))

    def _begun(
        self, arguments: list[str], environment: Mapping[str, str], log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [self.program, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        except OSError as error:
            sentence = _("Trivy could not be started: %(cause)s.")
            raise Unavailable(sentence % {"cause": error.strerror or error}) from error

    def _converted(self, report: Path, kind: str, folder: Path) -> bytes:
        """The same as an SBOM; nothing where this Trivy cannot, which keeps no findings back."""
        target = folder / f"{kind}.json"
        options = [f"--format={SBOMS[kind]}", f"--output={target}", str(report)]
        try:
            subprocess.run(
                [self.program, "convert", *options],
                env=_environment(folder, {}),
                capture_output=True,
                timeout=CONVERT_S,
                check=True,
            )
            return _limited(target, SBOM_LIMIT_BYTES)
        except (OSError, subprocess.SubprocessError, ReportUnreadable):
            return b""


def _environment(folder: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """None of the portal's settings, none of its secrets."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, **secrets, "HOME": str(folder), "TMPDIR": str(folder)}


def _watched(process: subprocess.Popen[bytes], is_wanted: Callable[[], bool]) -> int:
    begun = asked_at = time.monotonic()
    while process.poll() is None:
        time.sleep(POLL_S)
        now = time.monotonic()
        if now - begun > LONGEST_S:
            raise Unavailable(_("The scan took too long and was ended."))
        if now - asked_at >= ASK_EVERY_S:
            asked_at = now
            if not is_wanted():
                raise Unavailable(_("The scan was cancelled."))
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(said: Path) -> str:
    text = said.read_bytes()[-LAST_BYTES:].decode(errors="replace")
    return _("Trivy could not look: %(cause)s") % {"cause": cause_of(text)}


def _limited(path: Path, limit_bytes: int) -> bytes:
    if path.stat().st_size > limit_bytes:
        raise ReportUnreadable("it is too large")
    return path.read_bytes()
