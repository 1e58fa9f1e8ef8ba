"""Seals a secret that has to wait for the worker, so that what lies in Redis or a table tells nothing."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from dce_portal import secret_files
from dce_portal.configuration import Configuration
from dce_portal.secret import Secret


def seal(secret: Secret) -> str:
    """The sealed text; two seals of one secret differ."""
    return _box().encrypt(secret.reveal().encode()).decode()


def unseal(sealed: str) -> Secret | None:
    """The secret; None for a text that this portal's key did not seal."""
    try:
        return Secret(_box().decrypt(sealed.encode()).decode())
    except InvalidToken:
        return None


def _box() -> Fernet:
    configuration: Configuration = settings.CONFIGURATION
    return Fernet(secret_files.read_secret(configuration.paths.secrets, secret_files.SEALING_KEY))
