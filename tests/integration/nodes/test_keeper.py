"""The keeper's client over real TLS: who is let in, who is refused, and in which words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from apps.nodes.adapters.agent import AgentKeeper
from apps.nodes.ports import EngineAddress
from apps.nodes.selectors import controller_files
from dce_portal import authority
from dce_portal.authority.certificates import new_authority, utc_now
from dce_portal.errors import Unavailable
from tests.integration.nodes.tls_agent import TlsAgent, certified, listening
from tests.plugins.authority import AGENT, OwnAuthority


@pytest.fixture
def agent(own_authority: OwnAuthority, tmp_path: Path) -> TlsAgent:
    """One with a certificate as it should be."""
    files = own_authority.files
    return certified(tmp_path, files.current(), authorities=files.bundle)


async def ask(agent: TlsAgent, *, refused: frozenset[str] = frozenset()) -> object:
    tls = controller_files(refused=refused)
    keeper = AgentKeeper(EngineAddress(agent.url, tls, server_name=AGENT))
    try:
        return await keeper.certificate()
    finally:
        await keeper.close()


async def test_the_two_know_each_other(agent: TlsAgent) -> None:
    async with listening(agent):
        kept = await ask(agent)
    assert (kept.name, kept.serial_hex, kept.authorities) == (AGENT, "a", frozenset({"ab"}))
    assert agent.seen == ["GET /dce/v1/certificate"]


async def test_a_revoked_agent_is_refused_before_it_is_asked(agent: TlsAgent) -> None:
    async with listening(agent):
        with pytest.raises(Unavailable, match=r"its certificate was revoked; join the node again"):
            await ask(agent, refused=frozenset({agent.fingerprint, "0" * 64}))
        assert agent.seen == []
        await ask(agent, refused=frozenset({"0" * 64}))


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(days=100), "its certificate has expired; it needs a new one"),
        (timedelta(days=-3), "not valid yet; compare its clock"),
    ],
)
async def test_a_certificate_out_of_its_time(
    own_authority: OwnAuthority, tmp_path: Path, age: timedelta, words: str
) -> None:
    files, moment = own_authority.files, utc_now() - age
    agent = certified(tmp_path, files.current(), authorities=files.bundle, now=moment)
    await _refused(agent, words)


async def test_a_certificate_for_another_name(own_authority: OwnAuthority, tmp_path: Path) -> None:
    """One agent must not answer for another."""
    files, name = own_authority.files, "agent-ffffffffffff.dce"
    agent = certified(tmp_path, files.current(), authorities=files.bundle, name=name)
    await _refused(agent, "its certificate is for another name")


async def test_a_certificate_of_another_ca(own_authority: OwnAuthority, tmp_path: Path) -> None:
    stranger = new_authority(now=utc_now())
    agent = certified(tmp_path, stranger, authorities=own_authority.files.bundle)
    await _refused(agent, "not issued by a CA that the portal trusts")


async def test_an_agent_that_only_knows_the_old_ca_lets_the_controller_in_after_a_switch(
    agent: TlsAgent, tmp_path: Path
) -> None:
    """The old CA vouches for the new one."""
    old = tmp_path / "old.pem"
    old.write_bytes(agent.authorities.read_bytes())
    agent.authorities = old
    authority.begin()
    authority.switch()
    async with listening(agent):
        await ask(agent)


async def test_a_retired_ca_is_trusted_no_more(agent: TlsAgent) -> None:
    authority.begin()
    authority.switch()
    authority.retire()
    await _refused(agent, "not issued by a CA that the portal trusts")


async def test_what_the_keeper_refuses_is_its_own_sentence(agent: TlsAgent) -> None:
    agent.answer = ("422 Unprocessable Entity", {"error": "The certificate is for another key."})
    async with listening(agent):
        with pytest.raises(Unavailable, match="refused: The certificate is for another key") as got:
            await ask(agent)
    assert got.value.permanent


@pytest.mark.parametrize(
    "answer",
    [("200 OK", {}), ("200 OK", {"serial_hex": "xyz"}), ("200 OK", []), ("200 OK", None)],
)
async def test_an_answer_without_a_serial_number(agent: TlsAgent, answer) -> None:
    agent.answer = answer
    async with listening(agent):
        with pytest.raises(Unavailable, match="does not say which certificate it bears"):
            await ask(agent)


async def test_an_older_agent_without_a_keeper(agent: TlsAgent) -> None:
    agent.answer = ("404 Not Found", {"error": "unknown"})
    async with listening(agent):
        with pytest.raises(Unavailable, match="answered HTTP 404 to /dce/v1/certificate"):
            await ask(agent)


async def _refused(agent: TlsAgent, words: str) -> None:
    async with listening(agent):
        with pytest.raises(Unavailable, match=words):
            await ask(agent)
    assert agent.seen == []
