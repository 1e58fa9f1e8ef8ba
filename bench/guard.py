"""What the guard adds to the push of a manifest: the bare registry, the front without rules, and with all of them."""

from __future__ import annotations

import hashlib
import json
import statistics
import time

from bench.front import BareRegistry
from bench.stand import bare_registry, portal, table
from tests.e2e.registry_http import RegistryHttp

ROUNDS = 200
IMAGE = "application/vnd.oci.image.manifest.v1+json"
CONFIG = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {}}).encode()


def measure(registry: RegistryHttp) -> tuple[float, float]:
    """Median and 95th percentile of putting a manifest under a new tag, in milliseconds."""
    digest = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"
    registry.complete(registry.patch(registry.begin(), iter([CONFIG])), digest)
    entry = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest}
    took = []
    for number in range(ROUNDS):
        document = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": {**entry, "size": len(CONFIG)},
            "layers": [],
            "annotations": {"round": str(number)},
        }
        took.append(_put(registry, f"v{number}", json.dumps(document).encode()))
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def _put(registry: RegistryHttp, tag: str, manifest: bytes) -> float:
    begun = time.monotonic()
    answer = registry.session.put(
        f"{registry.base_url}/manifests/{tag}",
        data=manifest,
        headers={"Content-Type": IMAGE},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return (time.monotonic() - begun) * 1000


def main() -> None:
    """Measure all three and print them."""
    with bare_registry(with_htpasswd=False) as peer:
        bare = measure(BareRegistry(peer))
    with portal() as site:
        free = measure(RegistryHttp(site, "public/bench"))
        admin = site.api("admin")
        admin.post("tag-rules/", {"namespace": "team", "tags": "v*"}).raise_for_status()
        admin.post("image-rules/", {"namespace": "team", "platforms": "linux/amd64"})
        admin.post("quotas/", {"namespace": "team", "most_tags": 10_000, "most_bytes": 10**12})
        ruled = measure(RegistryHttp(site, "team/bench"))
    named = (("bare registry", bare), ("no rules", free), ("rules and quota", ruled))
    rows = [(name, f"{middle:.1f}", f"{high:.1f}") for name, (middle, high) in named]
    table("Putting a manifest", ("ms", "median", "p95"), rows)


if __name__ == "__main__":
    main()
