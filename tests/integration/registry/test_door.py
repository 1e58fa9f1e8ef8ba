"""The door that helper programs reach the registry by, while the registry is read-only."""

from __future__ import annotations

from pathlib import Path

import requests

from apps.registry.adapters.door import Behind, door_to

TIMEOUT_S = 10
# Nobody listens there: whatever is passed on comes back as a 502.
NOWHERE = "http://127.0.0.1:1"


def statuses(behind: Behind) -> dict[str, int]:
    """What reading and writing is answered."""
    with door_to(behind) as door, requests.Session() as session:
        session.trust_env = False
        session.auth = (door.username, door.password.reveal())
        url = f"http://{door.host}/v2/team/app/blobs/uploads/"
        return {
            method: session.request(method, url, timeout=TIMEOUT_S).status_code
            for method in ("GET", "POST", "PUT", "PATCH")
        }


def test_nothing_is_written_while_garbage_is_collected(tmp_path: Path) -> None:
    switch = tmp_path / "registry-read-only"
    behind = Behind(lambda _repository: "token", NOWHERE, read_only_file=switch)
    assert set(statuses(behind).values()) == {502}
    switch.touch()
    assert statuses(behind) == {"GET": 502, "POST": 503, "PUT": 503, "PATCH": 503}
