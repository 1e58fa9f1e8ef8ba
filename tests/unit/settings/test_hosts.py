"""The names that the portal answers to, where only some are allowed."""

from __future__ import annotations

from dce_portal.settings.hosts import allowed_hosts_of


def test_this_machine_may_always_ask_itself() -> None:
    hosts = allowed_hosts_of(("portal.example",), bind=("10.0.0.5", "fd00::5"))
    assert hosts[0] == "portal.example"
    assert {"localhost", "127.0.0.1", "[::1]", "10.0.0.5", "[fd00::5]"} < set(hosts)
    assert "evil.example" not in hosts


def test_every_name_stays_every_name() -> None:
    assert "*" in allowed_hosts_of(("*",), bind=("0.0.0.0",))
