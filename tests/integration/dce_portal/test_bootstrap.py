"""The first start makes an administrator; later ones change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

from dce_portal import bootstrap, configuration
from dce_portal.errors import Conflict
from dce_portal.paths import Paths


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data folder of this test's own."""
    settings.PATHS = Paths(tmp_path)
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.CONFIGURATION = configuration.read({"DCE_DATA": str(tmp_path)})
    return tmp_path


@pytest.mark.django_db
def test_made_password_is_kept_and_printed_once(data: Path) -> None:
    """The file is private, and its text opens the door."""
    told = list(bootstrap.make_administrator())
    kept = data / "admin-password"
    password = kept.read_text().strip()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert told == [f"Made the administrator admin; password: {password}"]
    assert authenticate(username="admin", password=password) is not None
    assert list(bootstrap.make_administrator()) == []


@pytest.mark.django_db
def test_given_password_is_neither_printed_nor_kept(data: Path, settings: Settings) -> None:
    """It is known already."""
    settings.CONFIGURATION = configuration.read({"DCE_ADMIN_PASSWORD": "hunter2-hunter2"})
    told = list(bootstrap.make_administrator())
    assert "hunter2" not in told[0]
    assert not (data / "admin-password").exists()
    assert authenticate(username="admin", password="hunter2-hunter2") is not None


@pytest.mark.django_db
@pytest.mark.usefixtures("data")
def test_an_administrator_of_another_name_is_enough() -> None:
    """Who renamed or replaced `admin` does not get it back."""
    get_user_model().objects.create_superuser(username="alice", password="x")
    assert list(bootstrap.make_administrator()) == []


@pytest.mark.django_db
def test_a_migrated_database_is_left_alone() -> None:
    """The suite's own is."""
    assert list(bootstrap.migrate()) == []


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_refused() -> None:
    """Before anything is changed; a migration of an app that is gone does not count."""
    MigrationRecorder(connection).record_applied("gone_app", "0001_initial")
    assert list(bootstrap.migrate()) == []
    MigrationRecorder(connection).record_applied("nodes", "9999_later")
    with pytest.raises(Conflict, match=r"nodes\.9999_later"):
        list(bootstrap.migrate())


def test_static_files_are_gathered_once(data: Path) -> None:
    """Until one of them changes."""
    assert list(bootstrap.collect_static()) == ["Gathered the static files"]
    assert (Path(settings.STATIC_ROOT) / "unavailable.html").exists()
    assert list(bootstrap.collect_static()) == []
    (data / "static" / bootstrap.STATIC_STAMP).write_text("of an older version")
    assert list(bootstrap.collect_static()) == ["Gathered the static files"]
