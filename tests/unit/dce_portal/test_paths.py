"""Sockets have short, plain addresses wherever the data folder is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dce_portal.paths import CHECKOUT, Paths

AWKWARD = ["/srv/a b", "/srv/a;b", "/srv/100%", "/srv/数据", "/srv/" + "long" * 30]


def test_plain_folder_keeps_its_own_name() -> None:
    """What an operator sees is what is there."""
    assert Paths(Path("/srv/portal/var")).run == Path("/srv/portal/var/run")


@pytest.mark.parametrize("data", AWKWARD)
def test_awkward_folder_gets_a_short_plain_name(data: str) -> None:
    """At most 107 bytes, of letters, digits, dots and dashes."""
    address = str(Paths(Path(data)).socket("supervisor"))
    assert len(os.fsencode(address)) <= 107
    assert address.isascii()
    assert not set(address) & set(" ;%")


def test_two_folders_do_not_share_a_name() -> None:
    """Two checkouts run side by side."""
    assert len({Paths(Path(data)).run for data in AWKWARD}) == len(AWKWARD)


def test_temporary_folder_of_a_shell_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make status` in another shell finds the same sockets."""
    before = Paths(Path("/srv/a b")).run
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert Paths(Path("/srv/a b")).run == before


def test_relative_folder_counts_from_the_checkout() -> None:
    """Not from wherever the command was given."""
    assert Paths.from_environment({"DCE_DATA": "elsewhere"}).data == CHECKOUT / "elsewhere"
    assert Paths.from_environment({}).data == CHECKOUT / "var"
