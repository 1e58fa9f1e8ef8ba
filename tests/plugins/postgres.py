"""A real PostgreSQL for the session, on a unix socket of its own, and a portal's database in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 60
END_TIMEOUT_S = 20
# Emptying tables waits for every other connection that a test left in a transaction: then it fails.
LOCK_TIMEOUT_S = 60
# PostgreSQL refuses to run as root.
UNPRIVILEGED = "postgres"
OWNER = "portal"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where the session's PostgreSQL listens."""

    folder: Path

    def url_of(self, database: str) -> str:
        """A database's address as DCE_DATABASE_URL takes it."""
        return f"postgres://{OWNER}@{str(self.folder).replace('/', '%2F')}/{database}"

    def settings_of(self, database: str) -> dict[str, object]:
        """The same as an entry of DATABASES."""
        from dce_portal.secret import Secret
        from dce_portal.settings.database import database_of

        return database_of(Secret(self.url_of(database)), data=self.folder)

    def create(self, database: str) -> None:
        """Make an empty database."""
        with self.connected("postgres") as server:
            server.execute(f'CREATE DATABASE "{database}"')

    @contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection]:
        """A connection of its own to a database."""
        at = f"host={self.folder} user={OWNER} dbname={database}"
        with psycopg.connect(at, autocommit=True) as connection:
            yield connection


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that nothing outlives. Its tests carry the marker ``postgres``."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def _migrated_postgres(
    postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker
) -> dict[str, object]:
    """A database with the portal's tables, made by its migrations."""
    from django.core.management import call_command

    settings = postgres_server.settings_of("portal_tests")
    postgres_server.create("portal_tests")
    with django_db_blocker.unblock(), default_database(settings):
        call_command("migrate", verbosity=0)
    return settings


@pytest.fixture
def on_postgres(
    _migrated_postgres: dict[str, object], django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The portal's database is PostgreSQL for this test, which leaves nothing in it."""
    from django.db import transaction

    with (
        django_db_blocker.unblock(),
        default_database(_migrated_postgres),
        transaction.atomic(),
    ):
        yield
        transaction.set_rollback(True)


@contextmanager
def default_database(settings: dict[str, object]) -> Iterator[None]:
    """Put another database in the place of the default one."""
    from django.db import connections

    usual, usual_settings = connections["default"], connections.settings["default"]
    connections.settings["default"] = connections.configure_settings({"default": settings})[
        "default"
    ]
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = usual_settings
        connections["default"] = usual


@contextmanager
def running_postgres(*options: str) -> Iterator[PostgresServer]:
    """A server in a new folder, until the block ends."""
    # Not pytest's own folder: its path may be too long for a unix socket.
    folder = Path(tempfile.mkdtemp(prefix="dce-postgres-"))
    server = PostgresServer(folder)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        _make_cluster(folder)
        process = subprocess.Popen(_server_command(folder, options), stderr=subprocess.DEVNULL)
        try:
            wait_until(
                lambda: _answers(server), what="PostgreSQL to answer", timeout_s=START_TIMEOUT_S
            )
            yield server
        finally:
            # Without waiting for connections that are still open, as SIGTERM would.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=END_TIMEOUT_S)
    finally:
        shutil.rmtree(folder)


def _make_cluster(folder: Path) -> None:
    made = ["--pgdata", str(folder / "data"), "--username", OWNER, "--auth", "trust"]
    words = ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
    command = [*_unprivileged(), _program("initdb"), *made, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _server_command(folder: Path, options: Sequence[str]) -> list[str]:
    chosen = ["listen_addresses=", f"unix_socket_directories={folder}", *options]
    if not options:
        chosen += ["fsync=off", "max_connections=30", f"lock_timeout={LOCK_TIMEOUT_S}s"]
    settings = [part for option in chosen for part in ("-c", option)]
    return [*_unprivileged(), _program("postgres"), "-D", str(folder / "data"), *settings]


def _unprivileged() -> list[str]:
    """Fast end (INT) with its parent, should pytest be killed; as nobody who may much, where we are root."""
    follow = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return follow
    return [*follow, f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]


def _program(name: str) -> str:
    """Debian keeps the server's programs outside PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    return str(versions[-1]) if versions else find_program(name) or name


def _version(program: Path) -> int:
    return int(program.parts[-3])


def _answers(server: PostgresServer) -> bool:
    try:
        with server.connected("postgres"):
            return True
    except psycopg.OperationalError:
        return False
