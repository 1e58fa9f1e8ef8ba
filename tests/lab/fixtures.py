"""Labs as pytest fixtures. A test that uses one carries the marker ``lab``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .agent_image import AgentImage, built_agent_image
from .engine import Engine, EngineOptions
from .swarm import Lab

SWARM_SIZE = 3
LabFactory = Callable[..., Lab]


@pytest.fixture(scope="session")
def swarm_lab() -> Iterator[Lab]:
    """Three engines as one Swarm, all managers, the busybox image on each, kept for the session.

    A test that breaks something in it takes ``mended_swarm`` instead.
    """
    with Lab.create(SWARM_SIZE) as lab:
        lab.make_swarm()
        lab.load_image()
        yield lab


@pytest.fixture
def mended_swarm(swarm_lab: Lab) -> Iterator[Lab]:
    """The session's Swarm, put right again after the test."""
    try:
        yield swarm_lab
    finally:
        swarm_lab.mend()


@pytest.fixture(scope="session")
def lone_engine() -> Iterator[Engine]:
    """One engine in no Swarm, listening on TLS as well, kept for the session."""
    with Lab.create(1, options=EngineOptions(tls=True)) as lab:
        lab.load_image()
        yield lab.engine(1)


@pytest.fixture
def lab_factory() -> Iterator[LabFactory]:
    """Make labs (``lab_factory(2, options=…)``) that end with the test."""
    with ExitStack() as stack:
        yield lambda size, **choices: stack.enter_context(Lab.create(size, **choices))


@pytest.fixture(scope="session")
def agent_image() -> AgentImage:
    """The agent's image, built once for each state of its sources; ``load`` puts it on an engine."""
    return built_agent_image()
