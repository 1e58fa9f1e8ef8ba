"""Rows past Django's cursor, and the sign that nobody has written, on a SQLite file with two connections."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DatabaseError, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from dce_portal import plain_reads


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.sqlite3"


@pytest.fixture
def own(path, monkeypatch):
    """The connection that is read by."""
    settings = {
        **connections["default"].settings_dict,
        "NAME": str(path),
        "ENGINE": "django.db.backends.sqlite3",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL;"},
        "CONN_MAX_AGE": None,
    }
    wrapper = DatabaseWrapper(settings, "plain")
    wrapper.inc_thread_sharing()
    monkeypatch.setattr(plain_reads, "connections", {"default": wrapper})
    wrapper.ensure_connection()
    wrapper.connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
    yield wrapper
    wrapper.connection.close()


@pytest.fixture
def other(own, path):
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def _allowed(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def test_rows_are_read(own, other):
    other.execute("INSERT INTO t VALUES (1, 'x')")
    rows = plain_reads.read_rows("SELECT a, b FROM t WHERE a = %s AND b = %s", (1, "x"))
    assert [tuple(row) for row in rows] == [(1, "x")]


def test_errors_are_djangos(own):
    with pytest.raises(DatabaseError):
        plain_reads.read_rows("SELECT nothing FROM nowhere", ())


def test_another_connections_write_changes_the_state(own, other):
    before = plain_reads.database_state()
    assert plain_reads.database_state() == before is not None
    other.execute("INSERT INTO t VALUES (1, 'x')")
    assert plain_reads.database_state() != before


def test_its_own_write_changes_the_state(own):
    before = plain_reads.database_state()
    own.connection.execute("INSERT INTO t VALUES (1, 'x')")
    assert plain_reads.database_state() != before
