"""Brings an installation up to date: migrations, static files, the first administrator."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from dce_portal.errors import Conflict
from dce_portal.paths import GATHERED_STATIC

ADMINISTRATOR = "admin"
STATIC_STAMP = ".collected"
PASSWORD_BYTES = 15


def steps() -> Iterator[str]:
    """Do what is missing; yields a sentence for each thing that was done."""
    yield from migrate()
    yield from collect_static()
    yield from make_administrator()


def migrate() -> Iterator[str]:
    """Apply the migrations that the database has not seen; refuse a database that has seen more."""
    executor = MigrationExecutor(connection)
    refuse_newer(executor.loader)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
        yield f"Brought the database up to date ({len(missing)} migrations)"


def refuse_newer(loader: MigrationLoader) -> None:
    """Raise before anything is changed when a later version has migrated this database."""
    unknown = sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
        if app in loader.migrated_apps and (app, name) not in loader.replacements
    )
    if unknown:
        raise Conflict(
            f"A newer version of the portal has used this data: it knows {unknown[-1]}, this"
            " version does not. Nothing was changed; start the newer version again, or restore"
            " a backup that was made before the upgrade."
        )


def collect_static() -> Iterator[str]:
    """Gather the static files, unless the same ones were gathered before or with the image."""
    if settings.STATIC_ROOT == GATHERED_STATIC:
        return
    stamp, digest = Path(settings.STATIC_ROOT) / STATIC_STAMP, _static_digest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest, encoding="ascii")
    yield "Gathered the static files"


def make_administrator() -> Iterator[str]:
    """Make the first administrator; an installation that has one is left alone."""
    people = get_user_model()._default_manager
    if people.filter(is_superuser=True).exists():
        return
    given = settings.CONFIGURATION.admin_password
    password = given.reveal() if given else _kept_password(settings.PATHS.admin_password)
    people.create_superuser(username=ADMINISTRATOR, password=password)
    shown = "the one in DCE_ADMIN_PASSWORD" if given else password
    yield f"Made the administrator {ADMINISTRATOR}; password: {shown}"


def _kept_password(path: Path) -> str:
    """The made password; kept before it is used, so that a crash between the two loses nothing."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(PASSWORD_BYTES) + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _static_digest() -> str:
    """Names, sizes and times of every source file: cheap, and different when one changes."""
    found = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            found.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return found.hexdigest()
