"""What a host is told to do about the Swarm."""

from __future__ import annotations

import pytest

from apps.nodes.joining.decisions import SwarmAction, SwarmSituation, shares_a_manager, swarm_action
from apps.nodes.joining.hosts import JoiningHost
from dce_portal.errors import Conflict


def host(**facts: object) -> JoiningHost:
    values = {"machine": "m" * 8, "engine_id": "E", "hostname": "h", "address": "10.0.0.2"}
    return JoiningHost(**{**values, "seen_at": "10.0.0.2", **facts})  # type: ignore[arg-type]  # mixed facts


@pytest.mark.parametrize(
    ("situation", "action"),
    [
        (SwarmSituation(has_cluster=True), SwarmAction.JOIN),
        (SwarmSituation(has_cluster=False, is_founder=True), SwarmAction.INIT),
        (SwarmSituation(has_cluster=False), SwarmAction.WAIT),
    ],
)
def test_a_host_in_no_swarm(situation: SwarmSituation, action: SwarmAction) -> None:
    assert swarm_action(host(), situation) is action


@pytest.mark.parametrize(
    "situation",
    [
        SwarmSituation(has_cluster=True, is_in_cluster=True, is_in_known=True),
        SwarmSituation(has_cluster=False, is_in_known=True),
        SwarmSituation(has_cluster=False, is_founder=True),
    ],
)
def test_a_member_of_the_wanted_swarm_keeps_its_place(situation: SwarmSituation) -> None:
    member = host(swarm_state="active", is_manager=True)
    assert swarm_action(member, situation) is SwarmAction.NONE


@pytest.mark.parametrize(
    ("facts", "situation", "words"),
    [
        (
            {"swarm_state": "active"},
            SwarmSituation(has_cluster=True, is_in_known=True),
            "in another Swarm already",
        ),
        (
            {"swarm_state": "active"},
            SwarmSituation(has_cluster=False, is_founder=True),
            "does not know",
        ),
        ({"swarm_state": "locked"}, SwarmSituation(has_cluster=True), "docker swarm unlock"),
        ({"swarm_state": "error"}, SwarmSituation(has_cluster=True), "docker swarm leave"),
        ({"swarm_state": "pending"}, SwarmSituation(has_cluster=True), "docker swarm leave"),
    ],
)
def test_a_host_that_cannot_come_in_is_told_why(
    facts: dict[str, object], situation: SwarmSituation, words: str
) -> None:
    with pytest.raises(Conflict, match=words):
        swarm_action(host(**facts), situation)


def test_a_worker_is_known_by_its_managers() -> None:
    worker = host(swarm_managers=("10.0.0.1:2377", "10.0.0.3:2377"))
    assert shares_a_manager(worker, ("10.0.0.3:2377",))
    assert not shares_a_manager(worker, ("10.9.9.9:2377",))
    assert not shares_a_manager(worker, ())
