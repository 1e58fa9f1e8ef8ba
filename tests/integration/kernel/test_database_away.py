"""While the database is away, pages and API say so instead of failing."""

from __future__ import annotations

import pytest
from django.db import DataError, InterfaceError, OperationalError
from django.test import RequestFactory

from dce_portal.api.unknown import failed


def answer(error: Exception, path: str):
    """What is answered where a view raised this."""
    try:
        raise error
    except Exception:
        return failed(RequestFactory().get(path))


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_page_says_that_the_database_is_away_and_asks_again(error):
    found = answer(error, "/admin/")

    assert (found.status_code, found["Retry-After"], found["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )
    assert b"The database does not answer" in found.content
    assert found["Refresh"] == "5"


def test_the_api_says_so_in_its_own_shape():
    found = answer(OperationalError("gone"), "/api/v1/nodes/")

    assert (found.status_code, found["Retry-After"]) == (503, "5")
    assert b'"code": "unavailable"' in found.content


def test_a_mistake_of_ours_stays_a_500():
    assert answer(DataError("too long"), "/api/v1/nodes/").status_code == 500
    assert answer(ValueError("x"), "/admin/").status_code == 500
