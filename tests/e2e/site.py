"""A running portal with people in it, as its users reach it: the API, sessions, addresses, processes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.lab.host import wait_until
from tests.plugins.portal import CHECKOUT, PASSWORD, Portal, portal_environ

TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Api:
    """Calls of one person, who brings a token."""

    base_url: str
    token: str = field(repr=False)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One call, whatever it is answered."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with plain_session() as session:
            return session.request(
                method, self.url(path), headers=headers, timeout=TIMEOUT_S, **options
            )

    def get(self, path: str, **query: object) -> Any:
        """Read something that must be there."""
        answer = self.request("GET", path, params=query)
        answer.raise_for_status()
        return answer.json()

    def list(self, path: str, **query: object) -> list[dict[str, Any]]:
        """Every row of a list, over all its pages."""
        page = self.get(path, limit=500, **query)
        rows = list(page["results"])
        while page.get("next"):
            page = self.get(page["next"])
            rows += page["results"]
        return rows

    def post(self, path: str, body: object = None) -> requests.Response:
        """Ask for something."""
        return self.request("POST", path, json=body)

    def url(self, path: str) -> str:
        """The whole address of a path below the API, or of a link in an answer."""
        return path if path.startswith("http") else f"{self.base_url}/api/v1/{path}"


@dataclass(frozen=True, slots=True)
class Site:
    """The portal, its people's tokens, and the address under which engines reach it."""

    portal: Portal
    tokens: Mapping[str, str] = field(repr=False)
    gateway: str = "127.0.0.1"

    @property
    def base_url(self) -> str:
        """Its address on this machine."""
        return self.portal.base_url

    @property
    def host(self) -> str:
        """The registry's name on this machine, as clients write it."""
        return f"127.0.0.1:{self.portal.port}"

    @property
    def engine_host(self) -> str:
        """The registry's name for engines in a lab."""
        return f"{self.gateway}:{self.portal.port}"

    def api(self, person: str = "admin") -> Api:
        """The API as this person; an empty name is nobody."""
        return Api(self.base_url, self.tokens[person] if person else "")

    def sign_in(self, person: str) -> str:
        """The session's key of a person who signed in on the page."""
        url = f"{self.base_url}/admin/login/"
        with plain_session() as session:
            session.get(url, timeout=TIMEOUT_S)
            form = {"username": person, "password": PASSWORD}
            form["csrfmiddlewaretoken"] = session.cookies["dce_csrf"]
            session.post(url, data=form, headers={"Referer": url}, timeout=TIMEOUT_S)
            return str(session.cookies["dce_session"])

    def process_ids(self) -> dict[str, int]:
        """The running programs as `make status` shows them."""
        lines = self.portal.launcher("status").stdout.splitlines()
        found = (re.match(r"(\w+) +RUNNING +pid (\d+)", line) for line in lines)
        return {match[1]: int(match[2]) for match in found if match}

    def wait_healthy(self) -> None:
        """Wait until every dependency answers."""
        wait_until(self.is_healthy, what="/readyz to be ok", timeout_s=60)

    def is_healthy(self) -> bool:
        """Whether /readyz says so."""
        with plain_session() as session:
            try:
                return session.get(f"{self.base_url}/readyz", timeout=TIMEOUT_S).ok
            except requests.RequestException:
                return False


def plain_session() -> requests.Session:
    """A session that knows neither this machine's proxies nor its .netrc."""
    session = requests.Session()
    session.trust_env = False
    return session


def seeded(portal: Portal, *, gateway: str = "127.0.0.1", **settings: str) -> Site:
    """The portal with the tests' people."""
    environ = portal_environ(data=portal.data, port=portal.port, DCE_TEST_PASSWORD=PASSWORD)
    environ |= settings
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    made = subprocess.run(
        [sys.executable, "-m", "tests.e2e.seed"], env=environ, cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    made.check_returncode()
    # What the portal logs comes first.
    return Site(portal, tokens=json.loads(made.stdout.splitlines()[-1]), gateway=gateway)


def finished_operation(api: Api, url: str, *, timeout_s: float = 60) -> dict[str, Any]:
    """An operation once it has ended, well or badly."""

    def is_over() -> bool:
        return api.get(url)["state"] not in {"queued", "running"}

    wait_until(is_over, what=f"the operation {url} to end", timeout_s=timeout_s)
    return dict(api.get(url))


def send_task(site: Site, name: str) -> None:
    """Send a task as beat does when its time has come."""
    environ = portal_environ(data=site.portal.data, port=site.portal.port)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    command = [sys.executable, "-m", "celery", "-A", "dce_portal", "call", name]
    subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)


def by_name(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Rows under one of their fields."""
    return {row[key]: row for row in rows}
