import re

import pytest

from dce_agent import registration
from dce_agent.errors import AgentError
from dce_agent.registration import Discovery, Registration, keep

NODE = "10.0.0.9:12376"


def test_an_address_is_read():
    found = Discovery.parse("etcd://10.0.0.1:2379,b.test:2379/dce/one")
    assert found == Discovery(("10.0.0.1:2379", "b.test:2379"), "dce/one")
    assert found.key(NODE) == f"/v2/keys/dce/one/docker/swarm/nodes/{NODE}"
    assert Discovery.parse("etcd://a:1").key(NODE) == f"/v2/keys/docker/swarm/nodes/{NODE}"


@pytest.mark.parametrize(
    "address", ["", "consul://a:1", "etcd://", "etcd://a", "etcd://a:1,", "etcd://a:1/x?y", "a:1"]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(AgentError, match="no address like"):
        Discovery.parse(address)


@pytest.mark.parametrize("advertise", ["", "10.0.0.9", "10.0.0.9:x", "../leader:1"])
def test_a_node_without_an_address_is_refused(advertise):
    with pytest.raises(AgentError, match="DCE_AGENT_ADVERTISE"):
        Registration(Discovery.parse("etcd://a:1"), advertise)


@pytest.fixture
def calls(monkeypatch):
    """What the members were asked; those named in ``down`` do not answer."""
    made, down = [], set()

    def call(member, method, key, form):
        made.append((member, method, form))
        return "connection refused" if member in down else ""

    monkeypatch.setattr(registration, "_call", call)
    return made, down


def test_a_member_that_fails_is_left_for_the_next(calls):
    made, down = calls
    node = Registration(Discovery.parse("etcd://a:1,b:2"), NODE)
    down.add("a:1")
    node.put()
    node.put()
    assert [member for member, _, _ in made] == ["a:1", "b:2", "b:2"]
    assert made[0][2] == "value=10.0.0.9%3A12376&ttl=180"


def test_that_no_member_answers_names_them_all(calls):
    _, down = calls
    down.update({"a:1", "b:2"})
    with pytest.raises(AgentError, match=re.escape("a:1: connection refused; b:2: connection")):
        Registration(Discovery.parse("etcd://a:1,b:2"), NODE).put()


class Pauses:
    """Stands in for the event: lets some pauses pass, then stops."""

    def __init__(self, count, *, meanwhile=lambda number: None):
        self.lengths_s, self._count, self._meanwhile = [], count, meanwhile

    def wait(self, length_s):
        self.lengths_s.append(length_s)
        self._meanwhile(len(self.lengths_s))
        return len(self.lengths_s) == self._count


def test_the_key_is_renewed_and_taken_away_in_the_end(calls):
    made, _ = calls
    pauses, said = Pauses(3), []
    keep(Registration(Discovery.parse("etcd://a:1"), NODE), pauses, say=said.append)
    assert [method for _, method, _ in made] == ["PUT", "PUT", "PUT", "DELETE"]
    assert pauses.lengths_s == [60.0] * 3
    assert said == ["This node is named in etcd.\n"]


def test_a_failure_is_tried_again_soon_and_said_once(calls):
    _, down = calls
    down.add("a:1")
    pauses, said = Pauses(4, meanwhile=lambda n: down.clear() if n == 2 else None), []
    keep(Registration(Discovery.parse("etcd://a:1"), NODE), pauses, say=said.append)
    assert pauses.lengths_s == [5.0, 5.0, 60.0, 60.0]
    assert [line.split()[0] for line in said] == ["No", "This"]
