"""Where rows are kept: the embedded SQLite, or the PostgreSQL that DCE_DATABASE_URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ

from dce_portal.secret import Secret

SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"


def database_of(url: Secret | None, *, data: Path) -> dict[str, Any]:
    """The `default` entry of DATABASES."""
    return _embedded(data / "portal.sqlite3") if url is None else _outside(url.reveal())


def _outside(url: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(environ.Env.db_url_config(url))
    # A unix socket's folder is written with %2F, as libpq has it.
    values["HOST"] = unquote(values.get("HOST", ""))
    return {**values, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def _embedded(path: Path) -> dict[str, Any]:
    """SQLite as a server wants it: writers wait for each other, readers never wait."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_PRAGMAS,
        },
    }
