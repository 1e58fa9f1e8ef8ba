"""Which blobs of the catalogue's images are not there."""

from __future__ import annotations

from collections.abc import Iterable

from apps.policies.ports import StoragePort
from apps.registry.selectors import blobs_of_tags


def named_blobs() -> frozenset[str]:
    """Everything that tags lead to: manifests, configurations, layers."""
    return blobs_of_tags()


def missing_blobs(files: StoragePort, digests: Iterable[str]) -> frozenset[str]:
    """Those that are not in the registry's files."""
    return frozenset(digest for digest in digests if files.blob_bytes(digest) is None)
