"""Looks at what is about to come here as the guard looks at a push, before any of it is copied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.policies.services.weighing import (
    Part,
    Refused,
    are_true,
    config_of,
    declared_sizes,
    scales_for,
)
from apps.registry.services.reading import read_manifest
from apps.replication.ports import CopierPort, Place
from dce_portal.errors import InvalidInput

MOST_PLATFORMS: Final = 128
INDEX: Final = "application/vnd.oci.image.index.v1+json"
IMAGE: Final = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was let in by the sizes that manifests tell: those must be true once the layers are here."""

    sizes: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def note(self, parts: Iterable[Part]) -> None:
        """From now on."""
        for part in parts:
            self.sizes[part.manifest.digest] = declared_sizes(part.manifest)

    def takes(self, manifest: bytes) -> bool:
        """Asks no database: the door calls it from threads of its own."""
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        return are_true(self.sizes.get(digest, {}))


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where images come from, and the program that reads them there."""

    place: Place
    copier: CopierPort
    weighed: Weighed = field(default_factory=Weighed)

    def admitted(self, source: str, reference: str, *, to: str, new_tag: str) -> str:
        """The name to copy from; Refused where a rule or a quota of `to` keeps the image out.

        What was looked at is what is copied: it is named by its digest from then on. The new tag
        is empty where the tag is here already, or there is none.
        """
        name = source + _suffix(reference)
        scales = scales_for(to)
        if not scales.weigh_anything:
            return name
        parts = list(self._parts(source, reference, wants_config=bool(scales.image_rules)))
        scales.admit(parts, new_tag=new_tag)
        self.weighed.note(parts)
        return f"{source}@{parts[0].manifest.digest}"

    def _parts(self, source: str, reference: str, *, wants_config: bool) -> Iterator[Part]:
        """The manifest, and behind an index each image."""
        part = self._part(source, reference, wants_config=wants_config)
        yield part
        if len(part.manifest.children) > MOST_PLATFORMS:
            raise Refused(_("the image has more platforms than can be looked at"))
        for child in part.manifest.children:
            below = self._part(source, child.digest, wants_config=wants_config)
            if below.manifest.children:
                raise Refused(_("the image has an index within an index, which is not looked at"))
            yield below

    def _part(self, source: str, reference: str, *, wants_config: bool) -> Part:
        body = self.copier.manifest(self.place, source + _suffix(reference))
        try:
            manifest = read_manifest(body, media_type=_kind(body))
        except InvalidInput as error:
            raise Refused(error.message) from error
        if not (wants_config and config_of(manifest)):
            return Part(manifest)
        config = self.copier.config(self.place, f"{source}@{manifest.digest}")
        return Part(manifest, _object(config))


def _suffix(reference: str) -> str:
    """As it stands behind a name."""
    return f"@{reference}" if ":" in reference else f":{reference}"


def _kind(body: bytes) -> str:
    """What the manifest is where it does not say so itself."""
    return INDEX if "manifests" in _object(body) else IMAGE


def _object(body: bytes) -> Mapping[str, Any]:
    """Empty for anything else: what a configuration does not say, no rule lets pass."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
