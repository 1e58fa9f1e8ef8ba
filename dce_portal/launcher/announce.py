"""Waits beside the starting processes and says when the portal serves pages, and where."""

from __future__ import annotations

import os
import time
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from dce_portal.configuration import Configuration
from dce_portal.launcher.output import say, step
from dce_portal.launcher.rendering import local_origin

GIVE_UP_AFTER_S = 60.0
PAUSE_S = 0.1


def announce(configuration: Configuration) -> None:
    """Say where the portal is as soon as its login page is served; end with supervisord."""
    parent, deadline = os.getppid(), time.monotonic() + GIVE_UP_AFTER_S
    origin = local_origin(configuration)
    while os.getppid() == parent:
        if serves(origin):
            say(banner(configuration))
            return
        if time.monotonic() > deadline:
            step("The login page is not served yet; `make status` shows which process is missing.")
            return
        time.sleep(PAUSE_S)


def serves(origin: str) -> bool:
    """Whether the web process answers; no proxy of the environment is asked."""
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(Request(f"{origin}/livez"), timeout=2) as answer:  # noqa: S310 - http only
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False


def banner(configuration: Configuration) -> str:
    """Address, user and where the password is."""
    address = configuration.public_url or local_origin(configuration)
    kept = configuration.paths.admin_password
    password = (
        "the one in DCE_ADMIN_PASSWORD when the portal was first started"
        if not kept.exists()
        else f"kept in {kept}"
    )
    return (
        f"\nThe portal is at  {address}/\n  user            admin\n  password        {password}\n"
    )
