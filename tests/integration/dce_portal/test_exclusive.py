"""What looks first and then writes is alone while it does, and leaves nothing when it fails."""

from __future__ import annotations

import zlib

import pytest

from apps.policies.models import Collection
from dce_portal.exclusive import exclusive
from tests.plugins.postgres import PostgresServer

TRY = "SELECT pg_try_advisory_xact_lock(%s)"


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
@pytest.mark.parametrize("name", ["registry upkeep", "b"], ids=["large", "small"])
def test_nobody_else_is_inside_a_block_of_the_same_name(
    postgres_server: PostgresServer, name: str
) -> None:
    key = zlib.crc32(name.encode())
    with exclusive(name), postgres_server.connected("portal_tests") as other:
        assert other.execute(TRY, [key]).fetchone() == (False,)
        assert other.execute(TRY, [key + 1]).fetchone() == (True,)


@pytest.mark.django_db
def test_half_of_it_is_nothing() -> None:
    def begin_and_fail() -> None:
        with exclusive("a"):
            Collection.objects.create()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        begin_and_fail()
    assert not Collection.objects.exists()
