"""Namespaces, repositories, manifests, tags and grants for tests."""

from __future__ import annotations

import hashlib

import factory
from factory.django import DjangoModelFactory

from apps.registry.models import Grant, Manifest, Namespace, Repository, Robot, Tag
from apps.registry.ports import ChildInfo, LayerInfo, ManifestInfo

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(text: str) -> str:
    """A digest that looks real, the same for the same text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class NamespaceFactory(DjangoModelFactory[Namespace]):
    class Meta:
        model = Namespace
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda n: f"space{n}")


class RepositoryFactory(DjangoModelFactory[Repository]):
    """`name` decides the namespace."""

    class Meta:
        model = Repository

    name = factory.Sequence(lambda n: f"team/app{n}")
    namespace = factory.LazyAttribute(
        lambda repository: NamespaceFactory(name=repository.name.partition("/")[0])
    )


class ManifestFactory(DjangoModelFactory[Manifest]):
    class Meta:
        model = Manifest

    repository = factory.SubFactory(RepositoryFactory)
    digest = factory.Sequence(lambda n: digest_of(f"manifest {n}"))
    media_type = IMAGE
    size_bytes = 2048
    platform = "linux/amd64"
    is_complete = True


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    repository = factory.SubFactory(RepositoryFactory)
    manifest = factory.SubFactory(ManifestFactory, repository=factory.SelfAttribute("..repository"))
    name = factory.Sequence(lambda n: f"v{n}")
    pushed_by = "alice"


class GrantFactory(DjangoModelFactory[Grant]):
    class Meta:
        model = Grant


class RobotFactory(DjangoModelFactory[Robot]):
    """A row alone; `make_robot` makes one that can sign in."""

    class Meta:
        model = Robot

    namespace = factory.SubFactory(NamespaceFactory)
    name = factory.Sequence(lambda n: f"ci{n}")
    username = factory.LazyAttribute(lambda robot: f"robot-{robot.namespace.name}-{robot.name}")
    key = factory.Sequence(lambda n: f"key{n:09d}")


def image_info(text: str = "one", *, platform: str = "linux/amd64") -> ManifestInfo:
    """What a registry says of an image of 1,100 bytes."""
    layer = LayerInfo(digest_of(f"layer {text}"), 1000, "application/vnd.oci.image.layer.v1.tar")
    return ManifestInfo(
        digest=digest_of(text),
        media_type=IMAGE,
        manifest_bytes=400,
        size_bytes=1100,
        config_digest=digest_of(f"config {text}"),
        platform=platform,
        layers=(layer,),
    )


def index_info(*images: ManifestInfo, text: str = "index") -> ManifestInfo:
    """What a registry says of an index over these images."""
    children = tuple(ChildInfo(i.digest, i.media_type, i.platform) for i in images)
    return ManifestInfo(
        digest=digest_of(text), media_type=INDEX, manifest_bytes=600, children=children
    )
