"""Push and pull of one large layer through the front, beside a registry without one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.stand import bare_registry, portal, table
from tests.e2e.registry_http import Blob, RegistryHttp
from tests.e2e.site import plain_session

LAYER_MIB = 256
ROUNDS = 3
GOAL = 0.95


class BareRegistry(RegistryHttp):
    """The same client without a token."""

    def __init__(self, base_url: str) -> None:
        """Nobody asks who it is."""
        self.base_url = f"{base_url}/v2/bench"
        self.session = plain_session()


def measure(registry: RegistryHttp) -> tuple[float, float]:
    """MiB a second of the median push and pull."""
    pushes, pulls = [], []
    for number in range(ROUNDS):
        blob = Blob(LAYER_MIB, seed=f"round {number}".encode())
        digest = blob.digest
        pushes.append(_seconds(push, registry, blob, digest))
        pulls.append(_seconds(drain, registry, digest))
        registry.delete(digest)
    return LAYER_MIB / statistics.median(pushes), LAYER_MIB / statistics.median(pulls)


def push(registry: RegistryHttp, blob: Blob, digest: str) -> None:
    """As docker does: one part, then the digest."""
    registry.complete(registry.patch(registry.begin(), blob.pieces()), digest)


def drain(registry: RegistryHttp, digest: str) -> None:
    """Read a layer and forget it."""
    url = f"{registry.base_url}/blobs/{digest}"
    with registry.session.get(url, stream=True, timeout=300) as answer:
        answer.raise_for_status()
        for _ in answer.iter_content(1024 * 1024):
            pass


def _seconds(work: Callable[..., None], *arguments: object) -> float:
    begun = time.monotonic()
    work(*arguments)
    return time.monotonic() - begun


def main() -> None:
    """Measure both and print them."""
    with bare_registry(with_htpasswd=False) as peer:
        bare = measure(BareRegistry(peer))
    with portal() as site:
        front = measure(RegistryHttp(site, "team/bench"))
    rows = [
        ("push", *(f"{value:.0f}" for value in (bare[0], front[0])), f"{front[0] / bare[0]:.2f}"),
        ("pull", *(f"{value:.0f}" for value in (bare[1], front[1])), f"{front[1] / bare[1]:.2f}"),
    ]
    head = (f"{LAYER_MIB} MiB layer, MiB/s", "bare registry", "through the front", "× bare")
    table(f"Goal: {GOAL:g} × the bare registry", head, rows)


if __name__ == "__main__":
    main()
