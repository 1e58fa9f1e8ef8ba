"""Push and pull of one large layer and of many small ones through the front, beside a registry without one."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.stand import bare_registry, family, portal, table
from tests.e2e.registry_http import Blob, RegistryHttp
from tests.e2e.site import Site, plain_session

LAYER_MIB = 1024
SMALL_LAYERS = 200
SMALL_BYTES = 64 * 1024
ROUNDS = 2
GOAL = 0.95


class BareRegistry(RegistryHttp):
    """The same client without a token."""

    def __init__(self, base_url: str) -> None:
        """Nobody asks who it is."""
        self.base_url = f"{base_url}/v2/bench"
        self.session = plain_session()


def measure_small(registry: RegistryHttp) -> tuple[float, float]:
    """Layers a second of the median push and pull of many small ones, one after the other."""
    pushes, pulls = [], []
    for number in range(ROUNDS):
        layers = [
            f"{number} {index}".encode().ljust(SMALL_BYTES, b".") for index in range(SMALL_LAYERS)
        ]
        digests = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
        pushes.append(_seconds(push_small, registry, layers, digests))
        pulls.append(_seconds(pull_small, registry, digests))
    return SMALL_LAYERS / statistics.median(pushes), SMALL_LAYERS / statistics.median(pulls)


def push_small(registry: RegistryHttp, layers: list[bytes], digests: list[str]) -> None:
    """Each in one part."""
    for layer, digest in zip(layers, digests, strict=True):
        registry.complete(registry.patch(registry.begin(), iter([layer])), digest)


def pull_small(registry: RegistryHttp, digests: list[str]) -> None:
    """Read each to its end."""
    for digest in digests:
        drain(registry, digest)


def front_mib(site: Site) -> float:
    """The most memory that nginx has held, all its processes together."""
    total = 0
    for pid in family(site.process_ids()["nginx"]):
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(status.partition("VmHWM:")[2].split()[0])
    return total / 1024


def measure(registry: RegistryHttp) -> tuple[float, float]:
    """MiB a second of the median push and pull."""
    pushes, pulls = [], []
    for number in range(ROUNDS):
        blob = Blob(LAYER_MIB, seed=f"round {number}".encode())
        digest = blob.digest
        pushes.append(_seconds(push, registry, blob, digest))
        pulls.append(_seconds(drain, registry, digest))
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
        client = BareRegistry(peer)
        bare = (*measure(client), *measure_small(client))
    with portal() as site:
        fronted = RegistryHttp(site, "team/bench")
        before = front_mib(site)
        front = (*measure(fronted), *measure_small(fronted))
        after = front_mib(site)
    names = (
        f"push {LAYER_MIB} MiB, MiB/s",
        f"pull {LAYER_MIB} MiB, MiB/s",
        f"push {SMALL_LAYERS} small layers, layers/s",
        f"pull {SMALL_LAYERS} small layers, layers/s",
    )
    rows = [
        (name, f"{one:.0f}", f"{other:.0f}", f"{other / one:.2f}")
        for name, one, other in zip(names, bare, front, strict=True)
    ]
    table(f"Goal: {GOAL:g} × the bare registry", ("", "bare registry", "front", "× bare"), rows)
    print(f"  nginx held at most {before:.0f} MiB before, {after:.0f} MiB after all of it")


if __name__ == "__main__":
    main()
