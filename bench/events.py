"""A burst of the registry's notifications: taken in one by one, then applied; none may be lost.

Pushes, pulls and deletions of many repositories come in at random order, every tenth of them
twice, one in a hundred broken; the registry itself is one in memory. Django answers in this
process, on SQLite in a data folder of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from bench.stand import table
from dce_portal import secret_files
from dce_portal.launcher.keys import make_keys

GOAL_S = 60
REPOSITORIES = 200
TAGS = 5


def prepare(folder: Path) -> None:
    """An empty portal's database."""
    os.environ["DCE_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    for name in ("secrets", "static"):
        (folder / name).mkdir(mode=0o700)
    make_keys(folder / "secrets")
    django.setup()
    call_command("migrate", verbosity=0)


def bodies(count: int, registry: Any) -> Iterator[bytes]:
    """Deliveries of one event each, as the registry sends them."""
    draw = random.Random(7)
    moment = datetime.now(tz=UTC) - timedelta(seconds=count)
    for number in range(count):
        repository, tag = f"team/app-{draw.randrange(REPOSITORIES)}", f"v{draw.randrange(TAGS)}"
        event = one_event(registry, draw, repository, tag)
        event |= {
            "id": f"burst-{number}",
            "timestamp": (moment + timedelta(seconds=number)).isoformat(),
        }
        if number % 100 == 50:
            event["target"] = {"repository": 7, "digest": ["?"], "tag": None}
        yield json.dumps({"events": [event]}).encode()


def one_event(registry: Any, draw: random.Random, repository: str, tag: str) -> dict[str, Any]:
    """A push in four, a pull in two thirds, sometimes a deletion."""
    from tests.factories.registry import image_info

    info = image_info(f"{repository}:{tag}:{draw.randrange(3)}")
    registry.put(repository, info, tag=tag)
    action = draw.choices(("push", "pull", "delete"), weights=(25, 70, 5))[0]
    target = {"repository": repository, "mediaType": info.media_type, "digest": info.digest}
    if action == "push":
        target["tag"] = tag
    method = {"push": "PUT", "pull": "GET", "delete": "DELETE"}[action]
    return {
        "action": action,
        "target": target,
        "request": {"method": method, "useragent": "docker/28"},
        "actor": {"name": "alice"},
    }


def deliver(sent: list[bytes]) -> float:
    """Post them to the portal, every tenth twice; gives the seconds."""
    from django.conf import settings
    from django.test import Client

    from apps.registry import views

    views._apply_soon = lambda: None
    key = secret_files.read_secret(settings.PATHS.secrets, secret_files.EVENT_KEY)
    client = Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {key}"})
    begun = time.monotonic()
    for number, body in enumerate(sent):
        for _again in range(2 if number % 10 == 0 else 1):
            answer = client.post("/internal/registry/events", body, content_type="application/json")
            if answer.status_code != 202:
                raise SystemExit(f"answered {answer.status_code}")
    return time.monotonic() - begun


def apply(registry: Any) -> float:
    """Apply all that waits; gives the seconds."""
    from apps.registry.services.inbox import BATCH, apply_waiting

    begun = time.monotonic()
    while apply_waiting(registry) == BATCH:
        pass
    return time.monotonic() - begun


def main() -> None:
    """Send, apply, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as folder:
        prepare(Path(folder))
        from apps.registry.adapters.fake import FakeRegistry
        from apps.registry.models import RegistryEvent
        from apps.registry.services import create_namespace
        from dce_portal.origin import PORTAL

        create_namespace(name="team", origin=PORTAL)
        registry = FakeRegistry()
        taken_s = deliver(list(bodies(count, registry)))
        applied_s = apply(registry)
        kept = RegistryEvent.objects.count()
        waiting = RegistryEvent.objects.filter(applied_at=None).count()
    rows = [
        ("taken in", f"{taken_s:.1f}", f"{count * 1.1 / taken_s:,.0f}"),
        ("applied", f"{applied_s:.1f}", f"{count / applied_s:,.0f}"),
        ("kept", kept, "" if kept == count else "lost some"),
        ("still waiting", waiting, "" if waiting == 0 else "not all applied"),
    ]
    goal = f"{count:,} events, some twice. Goal: none lost, all applied within {GOAL_S} s"
    table(goal, ("step", "s or events", "a second"), rows)


if __name__ == "__main__":
    main()
