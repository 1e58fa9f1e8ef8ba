"""What is installed fits, and what does not fit leaves everything as it was."""

import datetime as dt
from pathlib import Path

import pytest

from dce_agent import durable, pem
from dce_agent.errors import AgentError
from dce_agent.keeper_store import KeeperStore
from dce_agent.paths import State
from tests.factories.agent_pki import AGENT, AgentAuthority, new_key, request_for

HOUR = dt.timedelta(hours=1)


class Proxy:
    """Counts how often it was told to read its files, and may refuse."""

    def __init__(self):
        self.applied, self.refuses = 0, False

    def __call__(self):
        if self.refuses:
            raise AgentError("nginx does not take the new files.")
        self.applied += 1


@pytest.fixture(scope="module")
def authority():
    return AgentAuthority()


@pytest.fixture(scope="module")
def controller(authority):
    return authority.controller()[0]


@pytest.fixture
def proxy():
    return Proxy()


@pytest.fixture
def state(tmp_path):
    return State(str(tmp_path))


@pytest.fixture
def store(state, proxy):
    return KeeperStore(state, apply=proxy)


@pytest.fixture
def joined(store, authority):
    store.install(authority.agent(store.first_request(AGENT)), authority.certificate_pem)
    return store


def files(state):
    return {file.name: file.read_text() for file in Path(state.folder).iterdir()}


def test_the_first_certificate_is_installed_and_told(joined, state, authority, proxy):
    found = joined.installed()
    assert found.facts.name == AGENT
    assert found.authorities == (pem.fingerprint(authority.certificate_pem),)
    assert found.facts.not_after_unix_s > dt.datetime.now(dt.UTC).timestamp()
    assert proxy.applied == 1
    modes = {file.name: file.stat().st_mode & 0o777 for file in Path(state.folder).iterdir()}
    assert modes == {"agent.key": 0o600, "agent.pem": 0o600, "ca.pem": 0o600}


def test_asking_again_keeps_the_key(store, state):
    store.first_request(AGENT)
    key = durable.text_of(state.key)
    store.first_request(AGENT)
    assert durable.text_of(state.key) == key


@pytest.mark.parametrize("name", ["", "a b", "a/CN=dce-controller", "a,b", "-a", "a" * 65])
def test_a_name_that_is_none_is_refused(store, name):
    with pytest.raises(AgentError, match="no name"):
        store.first_request(name)


def test_a_node_that_has_not_joined_says_so(store):
    with pytest.raises(AgentError, match="join the node first"):
        store.installed()


def test_a_renewal_takes_a_new_key(joined, state, authority, controller, proxy):
    before = durable.text_of(state.key)
    leaf = authority.agent(joined.next_request())
    assert durable.text_of(state.key) == before
    joined.install(leaf, authority.certificate_pem, controller=controller)
    assert durable.text_of(state.key) not in {"", before}
    assert durable.text_of(state.certificate) == leaf
    assert set(files(state)) == {"agent.key", "agent.pem", "ca.pem"}
    assert proxy.applied == 2


def test_a_certificate_for_the_present_key_is_taken_too(joined, state, authority):
    leaf = authority.agent(joined.first_request(AGENT))
    joined.install(leaf, authority.certificate_pem)
    assert durable.text_of(state.certificate) == leaf


def test_a_host_that_joins_anew_gets_another_name(joined, state, authority):
    leaf = authority.agent(joined.first_request("agent-x.dce"), name="agent-x.dce")
    joined.install(leaf, authority.certificate_pem)
    assert durable.text_of(state.certificate) == leaf


def bad_installs(authority, joined):
    """Name, certificate, authorities, and what the sentence has in it."""
    csr, own, other = joined.next_request(), authority.certificate_pem, AgentAuthority("other")
    good = authority.agent(csr)
    return {
        "another key": (authority.agent(request_for(new_key())), own, "another key"),
        "expired": (authority.agent(csr, starts=-3 * HOUR, ends=-HOUR), own, "expired"),
        "not yet": (authority.agent(csr, starts=HOUR), own, "not yet valid"),
        "another authority's": (other.agent(csr), own, "issuer"),
        "another name": (authority.agent(csr, name="agent-x.dce"), own, "is for 'agent-x.dce'"),
        "a client's": (authority.controller()[0], own, "another key"),
        "no authority": (good, "", "authority's certificate"),
        "the other authority alone": (good, other.certificate_pem, "issuer"),
        "none": ("", own, "not 0"),
        "two": (good + good, own, "not 2"),
        "garbage": ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", own, "x509"),
        "a key": (durable.text_of(joined._state.key), own, "not 0"),
        "oversize": (good, own + "#" * (64 << 10), "over 65536 bytes"),
        "twenty authorities": (good, own * 20, "over 16"),
    }


BAD = (
    "another key",
    "expired",
    "not yet",
    "another authority's",
    "another name",
    "a client's",
    "no authority",
    "the other authority alone",
    "none",
    "two",
    "garbage",
    "a key",
    "oversize",
    "twenty authorities",
)


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_changes_nothing(joined, state, authority, controller, proxy, case):
    leaf, authorities, reason = bad_installs(authority, joined)[case]
    before = files(state)
    with pytest.raises(AgentError, match=reason):
        joined.install(leaf, authorities, controller=controller)
    assert files(state) == before
    assert proxy.applied == 1


def test_authorities_that_would_shut_the_controller_out_are_refused(joined, state, authority):
    """The node's own certificate holds under the new bundle, the controller's does not."""
    incoming = AgentAuthority("incoming")
    stranger = incoming.controller()[0]
    leaf = authority.agent(joined.next_request())
    before = files(state)
    with pytest.raises(AgentError, match="controller's own certificate"):
        joined.install(leaf, authority.certificate_pem, controller=stranger)
    assert files(state) == before


def test_authorities_are_replaced_during_a_rotation(joined, authority, controller):
    incoming = AgentAuthority("incoming")
    both = authority.certificate_pem + incoming.certificate_pem
    joined.replace_authorities(both, controller=controller)
    assert len(joined.installed().authorities) == 2
    with pytest.raises(AgentError, match="controller's own certificate"):
        joined.replace_authorities(incoming.certificate_pem, controller=controller)
    joined.replace_authorities(incoming.certificate_pem, controller=incoming.controller()[0])
    assert joined.installed().authorities == (pem.fingerprint(incoming.certificate_pem),)


@pytest.mark.parametrize("controller_shown", ["", "garbage"])
def test_authorities_need_the_controllers_certificate(joined, authority, controller_shown):
    with pytest.raises(AgentError):
        joined.replace_authorities(authority.certificate_pem, controller=controller_shown)


def test_a_proxy_that_refuses_gets_the_old_files_back(joined, state, authority, proxy, controller):
    leaf, proxy.refuses = authority.agent(joined.next_request()), True
    before = files(state)
    with pytest.raises(AgentError, match="does not take"):
        joined.install(leaf, authority.certificate_pem, controller=controller)
    assert files(state) == before
    proxy.refuses = False
    joined.install(leaf, authority.certificate_pem, controller=controller)
    assert durable.text_of(state.certificate) == leaf


def test_a_power_cut_between_key_and_certificate_is_mended(joined, state, authority):
    leaf = authority.agent(joined.next_request())
    durable.write(state.next_certificate, leaf)
    durable.move(state.next_key, state.key)
    assert KeeperStore(state).installed().facts.name == AGENT
    assert durable.text_of(state.certificate) == leaf
    assert not durable.text_of(state.next_certificate)


def test_a_power_cut_before_the_key_moved_leaves_the_old_pair(joined, state, authority):
    old = durable.text_of(state.certificate)
    durable.write(state.next_certificate, authority.agent(joined.next_request()))
    KeeperStore(state)
    assert durable.text_of(state.certificate) == old
