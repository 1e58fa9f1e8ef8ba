"""What runs on each node as tiles of the cluster's map: tasks in a Swarm, else containers; one query each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django.db.models import QuerySet

from apps.nodes.models import Cluster
from apps.workloads.models import Container, Task
from apps.workloads.selectors import Viewer, containers_visible_to, tasks_visible_to
from dce_portal.templatetags.portal import tone_of

HUES = 12
MOST_TILES = 5000
MOST_TILES_A_NODE = 120


@dataclass(frozen=True, slots=True)
class Tile:
    """One task or container: `model` and `pk` lead to its page, `hue` is its service's."""

    model: str
    pk: int
    label: str
    state: str
    tone: str
    hue: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tiles of one node, and how many more there are."""

    tiles: tuple[Tile, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader wants to see: a service's name, a state; empty is all."""

    service: str = ""
    state: str = ""


def shelves(user: Viewer, cluster: Cluster, wish: Wish) -> Mapping[int | None, Shelf]:
    """Tiles by the node's primary key; under None are tasks that no node took yet."""
    tiles: defaultdict[int | None, list[Tile]] = defaultdict(list)
    for node_pk, tile in _tiles(user, cluster, wish):
        tiles[node_pk].append(tile)
    return {node_pk: _shelf(of_node) for node_pk, of_node in tiles.items()}


def _shelf(tiles: list[Tile]) -> Shelf:
    shown = tiles[:MOST_TILES_A_NODE]
    return Shelf(tuple(shown), more=len(tiles) - len(shown))


def _tiles(user: Viewer, cluster: Cluster, wish: Wish) -> Iterable[tuple[int | None, Tile]]:
    if cluster.kind == Cluster.Kind.SWARM:
        return _of_tasks(user, cluster, wish)
    return _of_containers(user, cluster, wish)


def _of_tasks(user: Viewer, cluster: Cluster, wish: Wish) -> Iterable[tuple[int | None, Tile]]:
    """Only what the Swarm wants to run: ended tasks are history, not the map's."""
    wanted = tasks_visible_to(user).filter(cluster=cluster, desired_state__in=("running", "ready"))
    if wish.service:
        wanted = wanted.filter(service__name=wish.service)
    if wish.state:
        wanted = wanted.filter(state=wish.state)
    for task in wanted.order_by("service__name", "slot", "pk")[:MOST_TILES]:
        yield task.node_id, _task_tile(task)


def _task_tile(task: Task) -> Tile:
    service = task.service.name if task.service else ""
    return Tile(
        model="workloads_task",
        pk=task.pk,
        label=str(task),
        state=task.state,
        tone=tone_of(task.state),
        hue=hue_of(service),
    )


def _of_containers(user: Viewer, cluster: Cluster, wish: Wish) -> Iterable[tuple[int | None, Tile]]:
    """A single engine's or a standalone Swarm's containers, named by what they belong to."""
    rows = containers_visible_to(user).filter(node__cluster=cluster)
    if wish.service:
        rows = rows.filter(stack=wish.service)
    if wish.state:
        rows = rows.filter(state=wish.state)
    for container in rows.order_by("stack", "name", "pk")[:MOST_TILES]:
        yield container.node_id, _container_tile(container)


def _container_tile(container: Container) -> Tile:
    return Tile(
        model="workloads_container",
        pk=container.pk,
        label=container.name,
        state=container.state,
        tone=tone_of(container.state),
        hue=hue_of(container.stack or container.image),
    )


def hue_of(name: str) -> int:
    """One of a dozen colours, the same for a name on every page and in every process."""
    return crc32(name.encode()) % HUES


def choices(user: Viewer, cluster: Cluster) -> Mapping[str, list[str]]:
    """The services (a Swarm's) or stacks, and the states, that a reader may choose from."""
    if cluster.kind == Cluster.Kind.SWARM:
        tasks = tasks_visible_to(user).filter(cluster=cluster)
        return {"services": _distinct(tasks, "service__name"), "states": _distinct(tasks, "state")}
    containers = containers_visible_to(user).filter(node__cluster=cluster)
    return {"services": _distinct(containers, "stack"), "states": _distinct(containers, "state")}


def _distinct(rows: QuerySet[Any], column: str) -> list[str]:
    values = rows.order_by(column).values_list(column, flat=True).distinct()
    return [value for value in values[:500] if value]
