"""Reads one job from standard input and writes what came of it: no secret is in arguments or environment."""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any

from apps.alerts.adapters.sender.fence import raise_fence
from apps.alerts.adapters.sender.jobs import run

LARGEST_MEMORY_BYTES = 1 << 30


def main() -> None:
    """Limit this process, then work."""
    job: dict[str, Any] = json.load(sys.stdin)
    if job["job"] in {"apprise", "check"}:
        from apps.alerts.adapters.sender.carrier import load

        load()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES))
    # Time counts from here: on a machine that is busy, starting takes longer than sending.
    signal.setitimer(signal.ITIMER_REAL, float(job["timeout_s"]))
    fence = raise_fence(allow_private=bool(job["allow_private"]))
    outcome = run(job)
    if fence.refused and outcome.get("problem"):
        outcome |= {"problem": "address", "detail": fence.refused, "is_permanent": True}
    sys.stdout.write(json.dumps(outcome))


if __name__ == "__main__":
    main()
