"""Services on a lab's Swarm, made and watched without the portal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.lab import images
from tests.lab.host import LabError
from tests.lab.swarm import Lab


@contextmanager
def service(lab: Lab, name: str, *, replicas: int) -> Iterator[str]:
    """A replicated service of the busybox image, which uses some CPU; removed in the end."""
    task = {"ContainerSpec": {"Image": images.BUSYBOX_IMAGE, "StopGracePeriod": 0}}
    mode = {"Replicated": {"Replicas": replicas}}
    api = lab.engine(1).api
    made = api.post("/services/create", {"Name": name, "TaskTemplate": task, "Mode": mode})
    try:
        yield str(made["ID"])
    finally:
        # A test that mends the lab has removed it already.
        with suppress(LabError):
            api.delete(f"/services/{made['ID']}")


def containers_on(lab: Lab, index: int) -> list[dict[str, Any]]:
    """The containers that run on an engine."""
    return list(lab.engine(index).api.get("/containers/json"))


def availability(lab: Lab, hostname: str) -> str:
    """What the Swarm itself says of a node."""
    return str(lab.nodes()[hostname]["Spec"]["Availability"])


def set_availability(lab: Lab, hostname: str, wanted: str) -> None:
    """Change a node behind the portal's back."""
    node = lab.nodes()[hostname]
    spec = {**node["Spec"], "Availability": wanted}
    version = node["Version"]["Index"]
    try:
        lab.engine(1).api.post(f"/nodes/{node['ID']}/update", spec, version=version)
    except LabError:
        # The Swarm has written to the node in between; once more with what it is now.
        version = lab.nodes()[hostname]["Version"]["Index"]
        lab.engine(1).api.post(f"/nodes/{node['ID']}/update", spec, version=version)
