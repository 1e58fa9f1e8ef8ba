"""The names of the keys under ``DCE_DATA/secrets``, which the launcher makes once, and how such files are written."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

DJANGO_KEY = "django-secret-key"
EVENT_KEY = "registry-event-key"
UPLOAD_KEY = "registry-http-secret"
SEALING_KEY = "sealing-key"
SIGNING_KEY = "token-key.pem"
# Every certificate that the registry is to trust; that of the signing key is among them.
SIGNING_CERTIFICATE = "token-certificate.pem"
NEXT_SIGNING_KEY = "token-key-next.pem"


def read_secret(folder: Path, name: str) -> str:
    """The text of one key; FileNotFoundError before the launcher's ``prepare`` has run."""
    return (folder / name).read_text(encoding="utf-8").strip()


def replace_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is there whole, old or new, whatever happens meanwhile."""
    draft = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115 - renamed below
    try:
        with draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(path)
    except BaseException:
        Path(draft.name).unlink(missing_ok=True)
        raise
