"""The names of the keys under ``DCE_DATA/secrets``, which the launcher makes once."""

from __future__ import annotations

from pathlib import Path

DJANGO_KEY = "django-secret-key"
EVENT_KEY = "registry-event-key"
UPLOAD_KEY = "registry-http-secret"
SEALING_KEY = "sealing-key"
SIGNING_KEY = "token-key.pem"
SIGNING_CERTIFICATE = "token-certificate.pem"


def read_secret(folder: Path, name: str) -> str:
    """The text of one key; FileNotFoundError before the launcher's ``prepare`` has run."""
    return (folder / name).read_text(encoding="utf-8").strip()
