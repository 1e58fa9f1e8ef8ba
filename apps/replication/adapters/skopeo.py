"""Copies images with skopeo; credentials are in files of a private folder, never in arguments."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from apps.replication.ports import CopyJob, Place
from dce_portal.errors import Unavailable

POLL_S: Final = 0.2
ASK_EVERY_S: Final = 1.0
END_S: Final = 10.0
LONGEST_SAID: Final = 500
PASSED_ON: Final = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY")
POLICY: Final = {"default": [{"type": "insecureAcceptAnything"}]}


class Skopeo:
    """The CopierPort by Debian's skopeo."""

    def copy(self, job: CopyJob, *, is_wanted: Callable[[], bool]) -> None:
        """Copy one image whole."""
        program = shutil.which("skopeo")
        if program is None:
            raise Unavailable(
                _("skopeo is not installed on the controller; it does the copying. Install it."),
                permanent=True,
            )
        with _folder() as folder, (folder / "said").open("w+b") as said:
            process = subprocess.Popen(
                [program, *_arguments(folder, job)],
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
            try:
                code = _watched(process, is_wanted)
            finally:
                _end(process)
            if code:
                raise Unavailable(_last_words(said))


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="dce-skopeo-") as name:
        yield Path(name)


def _arguments(folder: Path, job: CopyJob) -> list[str]:
    policy, registries = folder / "policy.json", folder / "registries.conf"
    policy.write_text(json.dumps(POLICY))
    # This machine's own mirrors and aliases are not the portal's business.
    registries.write_text("")
    return [
        f"--policy={policy}",
        f"--registries-conf={registries}",
        "copy",
        "--all",
        "--preserve-digests",
        "--retry-times=2",
        *_side(folder, "src", job.source),
        *_side(folder, "dest", job.target),
        f"docker://{job.source.host}/{job.source_name}",
        f"docker://{job.target.host}/{job.target_name}",
    ]


def _side(folder: Path, side: str, place: Place) -> list[str]:
    auth = folder / f"{side}-auth.json"
    _write_private(auth, json.dumps({"auths": _credentials(place)}))
    is_tls = "true" if place.is_tls else "false"
    options = [f"--{side}-authfile={auth}", f"--{side}-tls-verify={is_tls}"]
    if place.ca_pem:
        certificates = folder / f"{side}-certificates"
        certificates.mkdir(mode=0o700)
        (certificates / "ca.crt").write_text(place.ca_pem)
        options.append(f"--{side}-cert-dir={certificates}")
    return options


def _credentials(place: Place) -> dict[str, dict[str, str]]:
    if place.password is None or not place.username:
        return {}
    pair = f"{place.username}:{place.password.reveal()}".encode()
    return {place.host: {"auth": base64.b64encode(pair).decode()}}


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def _environment(folder: Path) -> dict[str, str]:
    """None of the portal's settings, none of its secrets."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder)}


def _watched(process: subprocess.Popen[bytes], is_wanted: Callable[[], bool]) -> int:
    """The exit code; Unavailable for what nobody wants any more."""
    asked_at = time.monotonic()
    while process.poll() is None:
        time.sleep(POLL_S)
        if time.monotonic() - asked_at >= ASK_EVERY_S:
            asked_at = time.monotonic()
            if not is_wanted():
                raise Unavailable(_("The copy was ended before it was whole."))
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


def _last_words(said: IO[bytes]) -> str:
    """The message of skopeo's last line of log, which is what went wrong."""
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - 8192))
    lines = said.read().decode(errors="replace").replace("\0", "").strip().splitlines()
    last = lines[-1] if lines else "?"
    message = last.partition(' msg="')[2].rstrip('"').replace('\\"', '"') or last
    return _("The copy failed: %(cause)s") % {"cause": message[-LONGEST_SAID:]}
