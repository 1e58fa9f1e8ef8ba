"""The database setting: the embedded file, and outside servers by address."""

from __future__ import annotations

from pathlib import Path

from dce_portal.secret import Secret
from dce_portal.settings.database import database_of


def test_without_an_address_rows_are_kept_in_a_file_of_the_data_folder() -> None:
    settings = database_of(None, data=Path("/srv/portal"))
    assert settings["NAME"] == Path("/srv/portal/portal.sqlite3")
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_an_outside_server_is_named_by_its_address() -> None:
    settings = database_of(Secret("postgres://dce:pass@db.example:5433/portal"), data=Path("/srv"))
    assert settings["ENGINE"].endswith("postgresql")
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", 5433, "portal")
    assert settings["CONN_HEALTH_CHECKS"] is True


def test_a_unix_sockets_folder_is_written_with_escapes() -> None:
    settings = database_of(Secret("postgres://dce@%2Frun%2Fpostgresql/portal"), data=Path("/srv"))
    assert settings["HOST"] == "/run/postgresql"
