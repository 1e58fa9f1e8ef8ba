"""One artifact as a person looks at it: its kind, its layers with what made them, what it is shared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from apps.registry import selectors
from apps.registry.models import UNKNOWN_PLATFORM, Blob, Manifest, ManifestBlob
from apps.registry.ports import INDEX_TYPES

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

MOST_PARTS = 64
MOST_DIGESTS = 4000
IMAGE_CONFIGS = frozenset(
    {
        "",
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.config.v1+json",
    }
)
KINDS: tuple[tuple[str, str, _StrOrPromise], ...] = (
    ("helm", "anchor", _("Helm chart")),
    ("cosign.artifact.sig", "verified", _("signature")),
    ("notary.signature", "verified", _("signature")),
    ("sigstore.bundle", "verified", _("signature")),
    ("spdx", "list_alt", _("SBOM")),
    ("cyclonedx", "list_alt", _("SBOM")),
    ("syft", "list_alt", _("SBOM")),
    ("in-toto", "fact_check", _("attestation")),
    ("wasm", "widgets", _("WebAssembly module")),
    ("compose", "stacks", _("Compose project")),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an artifact is, in a word, with its icon."""

    word: _StrOrPromise
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBar:
    """A layer: its share of the largest beside it and of all, and the command that made it."""

    digest: str
    size_bytes: int
    share: float
    part: float = 0.0
    is_shared: bool = False
    command: str = ""
    note: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One manifest of a tag: an image for a platform, or an attestation beside one."""

    manifest: Manifest
    layers: tuple[LayerBar, ...]

    @property
    def is_image(self) -> bool:
        """False for what an index carries beside its images."""
        return self.manifest.platform != UNKNOWN_PLATFORM

    @property
    def shared_bytes(self) -> int:
        """What other images have as well."""
        return sum(layer.size_bytes for layer in self.layers if layer.is_shared)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The steps of its build, the first one first."""
        return list(self.manifest.facts.get("history", []))


def kind_of(manifest: Manifest) -> Kind:
    """An image, an index, or what its type says; a type that nobody knows is an artifact."""
    if manifest.media_type in INDEX_TYPES:
        return Kind(_("index of images"), "account_tree")
    told = " ".join([manifest.artifact_type, *_layer_words(manifest)]).lower()
    for word, icon, name in KINDS:
        if word in told:
            return Kind(name, icon)
    if manifest.artifact_type in IMAGE_CONFIGS:
        return Kind(_("image"), "deployed_code")
    return Kind(_("artifact"), "draft")


def _layer_words(manifest: Manifest) -> Iterator[str]:
    """An image's layers are archives; what else they may be says what the artifact is."""
    for layer in manifest.layers[:8]:
        if "image.layer" not in layer["media_type"] and "rootfs" not in layer["media_type"]:
            yield layer["media_type"]
            yield str(layer.get("note", ""))


def parts_of(user: selectors.Person, manifest: Manifest) -> list[Part]:
    """The images of an index, or the manifest alone; attestations come last."""
    shown = [manifest]
    if manifest.media_type in INDEX_TYPES:
        children = Manifest.objects.filter(parents=manifest).order_by("platform", "digest")
        shown = list(children[:MOST_PARTS])
    shared = shared_digests(user, shown)
    parts = [Part(one, tuple(layer_bars(one, shared))) for one in shown]
    return sorted(parts, key=lambda part: not part.is_image)


def shared_digests(user: selectors.Person, manifests: Sequence[Manifest]) -> frozenset[str]:
    """Of these manifests' layers, those that another image has too which the person may pull."""
    digests = list({str(layer["digest"]) for one in manifests for layer in one.layers})
    visible = selectors.repositories_visible_to(user).order_by().values("pk")
    others = ManifestBlob.objects.filter(blob=OuterRef("pk"), repository__in=visible)
    others = others.exclude(manifest__in=[one.pk for one in manifests])
    found = Blob.objects.filter(digest__in=digests[:MOST_DIGESTS]).filter(Exists(others))
    return frozenset(found.values_list("digest", flat=True))


def layer_bars(manifest: Manifest, shared: frozenset[str] = frozenset()) -> Iterator[LayerBar]:
    """The manifest's layers in their order."""
    sizes = [int(layer["size_bytes"]) for layer in manifest.layers]
    largest, total = max(sizes, default=0) or 1, sum(sizes) or 1
    commands = commands_of(manifest)
    for number, layer in enumerate(manifest.layers):
        digest = str(layer["digest"])
        yield LayerBar(
            digest=digest,
            size_bytes=sizes[number],
            share=sizes[number] / largest,
            part=sizes[number] / total,
            is_shared=digest in shared,
            command=commands[number] if number < len(commands) else "",
            note=str(layer.get("note", "")),
            media_type=str(layer.get("media_type", "")),
        )


def commands_of(manifest: Manifest) -> list[str]:
    """The command of each layer; none where the history does not fit the layers."""
    steps = [step for step in manifest.facts.get("history", []) if not step.get("is_empty")]
    if len(steps) != len(manifest.layers):
        return []
    return [plain_command(step.get("command", "")) for step in steps]


def plain_command(command: str) -> str:
    """As it stood in the Dockerfile, without what the builder put around it."""
    text = command.removesuffix("# buildkit").strip()
    for prefix in ("/bin/sh -c #(nop) ", "/bin/sh -c #(nop)", "RUN /bin/sh -c ", "/bin/sh -c "):
        if text.startswith(prefix):
            rest = text.removeprefix(prefix).strip()
            return rest if "nop" in prefix else f"RUN {rest}"
    return text
