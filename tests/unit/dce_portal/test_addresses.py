"""IPv6 addresses that stand for IPv4 ones are judged as these."""

from __future__ import annotations

import pytest

from dce_portal.addresses import is_allowed


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("64:ff9b::a9fe:a9fe", False, False),  # 169.254.169.254 by NAT64
        ("64:ff9b::6464:64c8", False, False),  # 100.100.100.200
        ("64:ff9b::7f00:1", False, True),  # 127.0.0.1
        ("64:ff9b::808:808", True, True),
        ("::ffff:169.254.169.254", False, False),
        ("2002:a9fe:a9fe::1", False, False),  # the same by 6to4
        ("2002:a00:1::1", False, True),  # 10.0.0.1
        ("fec0::1", False, True),
        ("2606:4700::1111", True, True),
    ],
)
def test_what_an_address_stands_for_is_judged(address: str, public: bool, private: bool) -> None:
    assert is_allowed((address, 80), allow_private=False) is public
    assert is_allowed((address, 80), allow_private=True) is private
