"""The store's tests run on both databases."""

from __future__ import annotations

import pytest

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=["sqlite", POSTGRES])
def database(request: pytest.FixtureRequest, db: None) -> str:
    """The embedded database, and a real PostgreSQL."""
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")
    return str(request.param)
