"""The docker, podman and skopeo clients, each with files of its own in a test's folder."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.engine import Engine

TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """How a client ended and all that it printed."""

    ok: bool
    text: str


class Client:
    """One client with its own home; nothing of this machine's logins is read or written."""

    def __init__(self, folder: Path, *command: str, **environ: str) -> None:
        """Remember how the client is called."""
        self.folder = folder
        self._command = command
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        homes = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")
        self._environ = {**kept, **dict.fromkeys(homes, str(folder)), **environ}

    def run(self, *arguments: str, stdin: str = "") -> Answer:
        """Call the client, however it ends."""
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environ,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        return Answer(done.returncode == 0, done.stdout)

    def must(self, *arguments: str, stdin: str = "") -> str:
        """Call the client, which has to succeed."""
        answer = self.run(*arguments, stdin=stdin)
        assert answer.ok, f"{' '.join(arguments)}: {answer.text}"
        return answer.text


class Docker(Client):
    """The docker client of one engine."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        """Keep its logins in the folder's config.json."""
        super().__init__(
            folder, "docker", "--config", str(folder), DOCKER_HOST=engine.url, DOCKER_BUILDKIT="0"
        )

    def login(self, host: str, username: str, secret: str) -> Answer:
        """Sign in as a person does."""
        return self.run("login", "-u", username, "--password-stdin", host, stdin=secret)

    def kept_login(self, host: str) -> dict[str, str]:
        """What the client keeps of a login."""
        kept = json.loads((self.folder / "config.json").read_text())
        return dict(kept["auths"][host])


class Podman(Client):
    """podman over a store of its own, which needs neither overlay mounts nor a service."""

    def __init__(self, folder: Path) -> None:
        """Keep logins and images in the folder."""
        places = ("--root", str(folder / "root"), "--runroot", str(folder / "run"))
        quiet = ("--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=none")
        super().__init__(
            folder, "podman", *places, *quiet, REGISTRY_AUTH_FILE=str(folder / "auth.json")
        )
        write_policy(folder)

    def login(self, host: str, username: str, secret: str) -> Answer:
        """Sign in."""
        how = ("--tls-verify=false", "-u", username, "--password-stdin")
        return self.run("login", *how, host, stdin=secret)


class Skopeo(Client):
    """skopeo, which needs no engine."""

    def __init__(self, folder: Path) -> None:
        """Keep logins in the folder."""
        super().__init__(
            folder,
            "skopeo",
            "--insecure-policy",
            REGISTRY_AUTH_FILE=str(folder / "auth.json"),
        )

    def login(self, host: str, username: str, secret: str) -> Answer:
        """Sign in."""
        how = ("--tls-verify=false", "-u", username, "--password-stdin")
        return self.run("login", *how, host, stdin=secret)

    def copy(self, source: str, target: str, *flags: str) -> Answer:
        """Copy an image between a folder, an archive and registries without TLS."""
        insecure = ("--src-tls-verify=false", "--dest-tls-verify=false")
        return self.run("copy", *insecure, *flags, source, target)

    def inspect(self, image: str, *flags: str) -> Any:
        """What the registry holds under a name."""
        return json.loads(self.must("inspect", "--tls-verify=false", *flags, f"docker://{image}"))


def write_policy(folder: Path) -> None:
    """Let podman take any image: what is tried here is ours."""
    policy = folder / "containers" / "policy.json"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')


def write_identity_token(folder: Path, *, host: str, token: str) -> None:
    """Give podman or skopeo a docker login's token, as both share docker's file with it."""
    nobody = base64.b64encode(b"<token>:").decode()
    login = {"auth": nobody, "identitytoken": token}
    (folder / "auth.json").write_text(json.dumps({"auths": {host: login}}))
