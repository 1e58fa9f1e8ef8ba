"""What the Engine API says of an engine and of its containers and images, as the port's dataclasses; pure."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import ContainerInfo, EngineIdentity, ImageInfo, SwarmMembership
from apps.nodes.ports.swarm import SwarmLocked
from dce_portal.errors import Unavailable

SWARM_LABEL = "com.docker.swarm"
STACK_LABELS = ("com.docker.stack.namespace", "com.docker.compose.project")
NANO = 1_000_000_000


def require_list(raw: object, *, what: str) -> list[Facts]:
    """The objects of a list answer; Unavailable when the answer is something else."""
    if not isinstance(raw, list):
        raise unreadable(what)
    return [Facts(item) for item in raw]


def require_object(raw: object, *, what: str) -> Facts:
    """An object answer; Unavailable when the answer is something else."""
    if not isinstance(raw, dict):
        raise unreadable(what)
    return Facts(raw)


def native_id(facts: Facts, name: str, *, what: str) -> str:
    """The id that everything else hangs on; without it the answer is of no use."""
    found = facts.text(name, most=128)
    if not found:
        raise unreadable(what)
    return found


def unreadable(what: str) -> Unavailable:
    """The error for an answer that is not what an engine sends."""
    return Unavailable(
        _(
            "The engine's answer to %(what)s cannot be read. Is this address a Docker engine's? What was known is kept."
        )
        % {"what": what}
    )


def identity_of(raw: object, *, api_version: str) -> EngineIdentity:
    """`GET /info`."""
    info = require_object(raw, what="/info")
    return EngineIdentity(
        engine_id=native_id(info, "ID", what="/info"),
        hostname=info.text("Name"),
        engine_version=info.text("ServerVersion", most=64),
        api_version=api_version,
        os=info.text("OSType", most=64),
        architecture=info.text("Architecture", most=32),
        cpu_count=float(info.whole("NCPU")),
        memory_bytes=info.whole("MemTotal"),
        labels=_engine_labels(info.texts("Labels")),
        swarm=_membership(info.part("Swarm")),
    )


def _engine_labels(lines: tuple[str, ...]) -> dict[str, str]:
    return dict(sorted(line.partition("=")[::2] for line in lines))


def _membership(swarm: Facts) -> SwarmMembership | None:
    state = swarm.text("LocalNodeState")
    if state in {"", "inactive"}:
        return None
    node_id = swarm.text("NodeID", most=128)
    if not node_id:
        raise _between_states(state, swarm.text("Error", most=500))
    return SwarmMembership(
        node_id=node_id,
        cluster_id=swarm.part("Cluster").text("ID", most=64),
        is_manager=swarm.true("ControlAvailable"),
        node_address=swarm.text("NodeAddr"),
        manager_addresses=tuple(
            manager.text("Addr") for manager in swarm.parts("RemoteManagers") if "Addr" in manager
        ),
    )


def _between_states(state: str, error: str) -> Unavailable:
    if state == "locked":
        return SwarmLocked(locked_sentence())
    if state == "pending":
        return Unavailable(_("This engine is just joining a Swarm. It is asked again soon."))
    said = {"error": error or state}
    return Unavailable(
        _("This engine has trouble with its Swarm: %(error)s. See `docker info` on that machine.")
        % said
    )


def locked_sentence() -> str:
    """What a locked engine means, and how to go on."""
    return _(
        "This engine's Swarm is locked: it was restarted with autolock on and waits for its unlock key."
        " Its containers go on. Unlock it on its node's page, or there with: docker swarm unlock"
    )


def containers_of(raw: object) -> tuple[ContainerInfo, ...]:
    """`GET /containers/json?all=1`."""
    return tuple(_container(facts) for facts in require_list(raw, what="/containers/json"))


def _container(facts: Facts) -> ContainerInfo:
    labels = facts.labels("Labels")
    names = facts.texts("Names", most=250)
    status = facts.text("Status")
    return ContainerInfo(
        native_id=native_id(facts, "Id", what="/containers/json"),
        name=names[0].removeprefix("/") if names else facts.text("Id", most=12),
        image=facts.text("Image", most=512),
        image_id=facts.text("ImageID", most=128),
        command=facts.text("Command", most=10_000),
        state=facts.text("State", most=32),
        status=status,
        health=_health(status),
        created_at=facts.moment("Created"),
        labels=labels,
        ports=tuple(sorted({_port(port) for port in facts.parts("Ports")})),
        networks=tuple(sorted(facts.part("NetworkSettings", "Networks").raw)),
        service_id=labels.get(f"{SWARM_LABEL}.service.id", "")[:128],
        task_id=labels.get(f"{SWARM_LABEL}.task.id", "")[:64],
        stack=stack_of(labels),
    )


def stack_of(labels: dict[str, str]) -> str:
    """The stack or compose project that a label names."""
    return next((labels[name][:250] for name in STACK_LABELS if labels.get(name)), "")


def _health(status: str) -> str:
    """The list has health only inside its status text, such as `Up 3 minutes (unhealthy)`."""
    for word in ("unhealthy", "healthy", "health: starting"):
        if f"({word})" in status:
            return word.removeprefix("health: ")
    return ""


def _port(port: Facts) -> str:
    private = f"{port.whole('PrivatePort')}/{port.text('Type') or 'tcp'}"
    if not port.whole("PublicPort"):
        return private
    address = port.text("IP")
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port.whole('PublicPort')}->{private}".removeprefix(":")


def images_of(raw: object) -> tuple[ImageInfo, ...]:
    """`GET /images/json`."""
    return tuple(_image(facts) for facts in require_list(raw, what="/images/json"))


def _image(facts: Facts) -> ImageInfo:
    return ImageInfo(
        native_id=native_id(facts, "Id", what="/images/json"),
        tags=tuple(tag for tag in facts.texts("RepoTags") if tag != "<none>:<none>"),
        digests=tuple(name for name in facts.texts("RepoDigests") if "<none>" not in name),
        size_bytes=facts.whole("Size"),
        created_at=facts.moment("Created"),
        labels=facts.labels("Labels"),
    )
