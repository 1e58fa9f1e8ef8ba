"""Placement constraints and platforms, as the Swarm's scheduler reads them."""

from __future__ import annotations

import pytest

from apps.nodes.rules.placement import NodeFacts, meets, runs_on, unmet_constraint

NODE = NodeFacts(
    native_id="n1",
    hostname="Finch",
    role="worker",
    address="10.0.0.7",
    os="linux",
    architecture="x86_64",
    labels={"zone": "a", "com.example/disk": "ssd"},
    engine_labels={"lab.engine": "1"},
)


@pytest.mark.parametrize(
    ("constraint", "is_met"),
    [
        ("node.role==worker", True),
        ("node.role != worker", False),
        ("node.hostname == finch", True),
        ("NODE.ID==n1", True),
        ("node.id==n2", False),
        ("node.labels.zone==A", True),
        ("node.labels.zone!=b", True),
        ("node.labels.com.example/disk==ssd", True),
        ("node.labels.missing==x", False),
        ("node.labels.missing!=x", True),
        ("engine.labels.lab.engine==1", True),
        ("node.platform.os==linux", True),
        ("node.platform.arch==x86_64", True),
        ("node.ip==10.0.0.0/24", True),
        ("node.ip!=10.0.0.7", False),
        ("node.ip==nonsense", False),
        ("node.colour==red", False),
        ("node.colour!=red", False),
        ("nonsense", False),
    ],
)
def test_one_constraint(constraint: str, is_met: bool) -> None:
    assert meets(constraint, NODE) is is_met


def test_the_first_unmet_one_is_named() -> None:
    assert unmet_constraint(("node.role==worker", "node.id==x", "node.id==y"), NODE) == "node.id==x"
    assert unmet_constraint((), NODE) == ""


@pytest.mark.parametrize(
    ("platforms", "fits"),
    [
        ((), True),
        (("linux/amd64",), True),
        (("linux/arm64", "linux/x86_64"), True),
        (("windows/amd64",), False),
        (("linux/arm64",), False),
        (("/",), True),
        (("linux/",), True),
    ],
)
def test_platforms(platforms: tuple[str, ...], fits: bool) -> None:
    assert runs_on(platforms, NODE) is fits
