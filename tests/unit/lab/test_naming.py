"""Names and addresses that labs must never share."""

import ipaddress

import pytest

from tests.lab.naming import ENGINES_PER_LAB, SLOTS, Slot

LONGEST_LINK_BYTES = 15


def test_two_slots_share_no_name_and_no_address():
    slots = [Slot(number) for number in range(SLOTS)]
    for name in ("network", "gateway", "link", "switch", "cgroup"):
        assert len({getattr(slot, name) for slot in slots}) == SLOTS
    engines = [slot.engine(index) for slot in slots for index in (1, ENGINES_PER_LAB)]
    assert len({engine.namespace for engine in engines}) == len(engines)
    assert len({engine.address for engine in engines}) == len(engines)


def test_addresses_lie_in_the_slots_own_network():
    slot = Slot(7)
    network = ipaddress.ip_network(slot.network)
    addresses = [slot.gateway, slot.engine(1).address, slot.engine(ENGINES_PER_LAB).address]
    assert all(ipaddress.ip_address(address) in network for address in addresses)
    assert len(set(addresses)) == 3


def test_interface_names_fit_the_kernels_limit():
    slot = Slot(SLOTS - 1)
    names = (slot.link, slot.engine(ENGINES_PER_LAB).port)
    assert all(len(name) <= LONGEST_LINK_BYTES for name in names)


@pytest.mark.parametrize("index", [0, ENGINES_PER_LAB + 1])
def test_an_engine_outside_the_network_is_refused(index):
    with pytest.raises(ValueError, match="index lies in"):
        Slot(0).engine(index)


@pytest.mark.parametrize("number", [-1, SLOTS])
def test_a_slot_that_does_not_exist_is_refused(number):
    with pytest.raises(ValueError, match="number lies in"):
        Slot(number)
