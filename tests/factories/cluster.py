"""A cluster with nodes and what runs on them, for tests of pages and the API."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from apps.nodes.models import Cluster, ClusterEvent, Node
from apps.workloads.models import Container, EngineImage, Service, Stack, Task, Volume

SEEN_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class ClusterFactory(DjangoModelFactory[Cluster]):
    class Meta:
        model = Cluster

    name = factory.Sequence(lambda n: f"cluster-{n}")
    kind = Cluster.Kind.SWARM
    observed_at = SEEN_AT


class NodeFactory(DjangoModelFactory[Node]):
    class Meta:
        model = Node

    cluster = factory.SubFactory(ClusterFactory)
    native_id = factory.Sequence(lambda n: f"node{n:021d}")
    hostname = factory.Sequence(lambda n: f"host-{n}")
    role = Node.Role.WORKER
    state = Node.State.READY
    labels = factory.LazyFunction(lambda: {"zone": "a"})
    observed_at = SEEN_AT


class EventFactory(DjangoModelFactory[ClusterEvent]):
    class Meta:
        model = ClusterEvent

    node = factory.SubFactory(NodeFactory)
    cluster = factory.SelfAttribute("node.cluster")
    at = SEEN_AT
    kind = "node.state"
    subject_kind = "node"
    subject_id = "1"
    subject_label = "host-1"


class MirrorFactory[Row](DjangoModelFactory[Row]):
    class Meta:
        abstract = True

    native_id = factory.Sequence(lambda n: f"{n:064x}")
    observed_at = SEEN_AT
    created_at = SEEN_AT


class ServiceFactory(MirrorFactory[Service]):
    class Meta:
        model = Service

    cluster = factory.SubFactory(ClusterFactory)
    name = factory.Sequence(lambda n: f"service-{n}")
    image = "team/app:1"
    mode = "replicated"
    ports = factory.LazyFunction(lambda: ["8080:80/tcp"])
    updated_at = SEEN_AT


class TaskFactory(MirrorFactory[Task]):
    class Meta:
        model = Task

    node = factory.SubFactory(NodeFactory)
    cluster = factory.SelfAttribute("node.cluster")
    service = factory.SubFactory(ServiceFactory, cluster=factory.SelfAttribute("..cluster"))
    slot = 1
    state = desired_state = "running"
    image = "team/app:1"
    updated_at = SEEN_AT


class ContainerFactory(MirrorFactory[Container]):
    class Meta:
        model = Container

    node = factory.SubFactory(NodeFactory)
    name = factory.Sequence(lambda n: f"container-{n}")
    image = "team/app:1"
    state = "running"


class ImageFactory(MirrorFactory[EngineImage]):
    class Meta:
        model = EngineImage

    node = factory.SubFactory(NodeFactory)
    tags = factory.LazyFunction(lambda: ["team/app:1"])


class StackFactory(DjangoModelFactory[Stack]):
    class Meta:
        model = Stack

    cluster = factory.SubFactory(ClusterFactory)
    name = factory.Sequence(lambda n: f"stack-{n}")
    observed_at = SEEN_AT


class VolumeFactory(DjangoModelFactory[Volume]):
    class Meta:
        model = Volume

    node = factory.SubFactory(NodeFactory)
    native_id = factory.Sequence(lambda n: f"volume-{n}")
    driver = "local"
    size_bytes = 2**30
    observed_at = SEEN_AT
