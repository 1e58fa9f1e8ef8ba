"""Copies and reads images with skopeo; credentials are in files of a private folder, never in arguments."""

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
READ_S: Final = 60.0
# What skopeo reads of manifests and configurations at most.
MOST_BYTES: Final = 4 * 1024 * 1024
LONGEST_SAID: Final = 500
PASSED_ON: Final = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY")
POLICY: Final = {"default": [{"type": "insecureAcceptAnything"}]}


class Skopeo:
    """The CopierPort by Debian's skopeo."""

    def copy(self, job: CopyJob, *, is_wanted: Callable[[], bool]) -> None:
        """Copy one image whole."""
        program = _program()
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

    def manifest(self, place: Place, name: str) -> bytes:
        """By `skopeo inspect`, which knows every registry's way of giving it."""
        return _read(place, name, "--raw")

    def config(self, place: Place, name: str) -> bytes:
        """The same for the configuration."""
        return _read(place, name, "--config", "--raw")


def _program() -> str:
    program = shutil.which("skopeo")
    if program is None:
        raise Unavailable(
            _("skopeo is not installed on the controller; it does the copying. Install it."),
            permanent=True,
        )
    return program


def _read(place: Place, name: str, *what: str) -> bytes:
    program = _program()
    with (
        _folder() as folder,
        (folder / "said").open("w+b") as said,
        (folder / "out").open("w+b") as out,
    ):
        options = [*_quiet(folder), "inspect", *what, "--retry-times=2", *_side(folder, "", place)]
        try:
            done = subprocess.run(
                [program, *options, f"docker://{place.host}/{name}"],
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=said,
                timeout=READ_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(_("The other registry was too slow.")) from error
        if done.returncode:
            raise Unavailable(_last_words(said))
        out.seek(0)
        return out.read(MOST_BYTES)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="dce-skopeo-") as name:
        yield Path(name)


def _arguments(folder: Path, job: CopyJob) -> list[str]:
    return [
        *_quiet(folder),
        "copy",
        "--all",
        "--preserve-digests",
        "--retry-times=2",
        *_side(folder, "src", job.source),
        *_side(folder, "dest", job.target),
        f"docker://{job.source.host}/{job.source_name}",
        f"docker://{job.target.host}/{job.target_name}",
    ]


def _quiet(folder: Path) -> list[str]:
    """This machine's own mirrors and aliases are not the portal's business."""
    policy, registries = folder / "policy.json", folder / "registries.conf"
    policy.write_text(json.dumps(POLICY))
    registries.write_text("")
    return [f"--policy={policy}", f"--registries-conf={registries}"]


def _side(folder: Path, side: str, place: Place) -> list[str]:
    """How a place is reached; `side` is src or dest of a copy, and empty where there is one place."""
    dash = f"--{side}-" if side else "--"
    auth = folder / f"{side}auth.json"
    _write_private(auth, json.dumps({"auths": _credentials(place)}))
    is_tls = "true" if place.is_tls else "false"
    options = [f"{dash}authfile={auth}", f"{dash}tls-verify={is_tls}"]
    if place.ca_pem:
        certificates = folder / f"{side}certificates"
        certificates.mkdir(mode=0o700)
        (certificates / "ca.crt").write_text(place.ca_pem)
        options.append(f"{dash}cert-dir={certificates}")
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
