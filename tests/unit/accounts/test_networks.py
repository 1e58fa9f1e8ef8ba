"""The addresses from which a secret may be used."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.networks import allows, normalised, within

addresses = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("networks", "address", "answer"),
    [
        ([], None, True),
        (["192.0.2.0/24"], "192.0.2.77", True),
        (["192.0.2.0/24"], "192.0.3.1", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.77", True),
        (["2001:db8::/32"], "2001:db8::5", True),
        (["2001:db8::/32"], "192.0.2.1", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db9::1", False),
        (["192.0.2.0/24"], None, False),
        (["192.0.2.0/24"], "unix:", False),
    ],
)
def test_who_may_come_from_where(networks, address, answer):
    assert allows(networks, address) is answer


def test_single_addresses_and_hosts_of_networks_are_kept_as_networks():
    assert normalised([" 192.0.2.7 ", "192.0.2.9/24", "2001:DB8::1", ""]) == [
        "192.0.2.7/32",
        "192.0.2.0/24",
        "2001:db8::1/128",
    ]


def test_a_wrong_one_is_named():
    with pytest.raises(ValueError, match=r"^192\.0\.2\.0/33$"):
        normalised(["10.0.0.0/8", "192.0.2.0/33"])


def plain(text):
    found = ipaddress.ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


@given(st.lists(addresses, min_size=1, max_size=4), addresses)
def test_an_address_is_allowed_by_itself_and_by_nothing_else(texts, other):
    kept = normalised(texts)
    assert all(allows(kept, text) for text in texts)
    assert allows(kept, other) == (plain(other) in {plain(text) for text in texts})


def test_within():
    assert within(["10.1.0.0/16"], ["10.0.0.0/8"])
    assert within(["10.1.0.0/16"], [])
    assert not within([], ["10.0.0.0/8"])
    assert not within(["10.1.0.0/16", "192.0.2.1/32"], ["10.0.0.0/8"])
    assert not within(["2001:db8::/64"], ["10.0.0.0/8"])
