"""One portal over one Swarm for all end-to-end tests, with people in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from tests.e2e.controller_container import ControllerContainer, started_controller
from tests.e2e.site import Site, seeded
from tests.lab.controller_image import ControllerImage
from tests.lab.engine import Engine
from tests.lab.swarm import Lab
from tests.plugins.portal import Portal, started_portal


@pytest.fixture(scope="session")
def lab_portal(swarm_lab: Lab) -> Iterator[Portal]:
    """A portal over the session's Swarm, which its engines reach as well."""
    folder = Path(tempfile.mkdtemp(prefix="dce-e2e-"))
    settings = {
        "DCE_DOCKER_HOST": ",".join(engine.url for engine in swarm_lab.engines),
        "DCE_BIND": f"127.0.0.1,{swarm_lab.gateway}",
    }
    try:
        with started_portal(folder / "var", **settings) as portal:
            yield portal
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def site(lab_portal: Portal, swarm_lab: Lab) -> Site:
    """That portal with Alice, Bob and Mallory. Its tests carry the markers portal and lab."""
    site = seeded(lab_portal, gateway=swarm_lab.gateway)
    site.wait_healthy()
    return site


@pytest.fixture(scope="session")
def controller_lab() -> Iterator[Lab]:
    """Two engines: one for the portal's container, a fresh one that may join it."""
    with Lab.create(2) as lab:
        yield lab


@pytest.fixture(scope="session")
def controller_container(
    controller_image: ControllerImage, controller_lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> ControllerContainer:
    """The portal as a container over a fresh volume; its tests carry the marker lab."""
    folder = tmp_path_factory.mktemp("controller")
    return started_controller(controller_lab.engine(1), controller_image, folder=folder)


@pytest.fixture(scope="session")
def second_engine(controller_lab: Lab) -> Engine:
    """The engine beside the portal's container, which knows nothing of it yet."""
    return controller_lab.engine(2)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A database file, as portals have: in memory, a server's threads would share one connection."""
    if connections["default"].vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "portal.sqlite3"
        connections["default"].settings_dict["TEST"]["NAME"] = str(file)
