"""Waits beside the starting processes and says when the portal serves pages, and where."""

from __future__ import annotations

import os
import time
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from dce_portal.configuration import Configuration
from dce_portal.launcher.output import say, step
from dce_portal.launcher.rendering import local_https_origin, local_origin

GIVE_UP_AFTER_S = 60.0
READY_WITHIN_S = 30.0
PAUSE_S = 0.1


def announce(configuration: Configuration) -> None:
    """Say where the portal is once every part of it answers; end with supervisord."""
    origin = local_origin(configuration)
    if not comes(f"{origin}/livez", within_s=GIVE_UP_AFTER_S):
        step("The login page is not served yet; `make status` shows which process is missing.")
        return
    is_ready = comes(f"{origin}/readyz", within_s=READY_WITHIN_S)
    say(banner(configuration))
    if not is_ready:
        step(f"Some parts do not answer yet; {origin}/readyz names them.")


def comes(address: str, *, within_s: float) -> bool:
    """Wait until an address answers 200; False when it does not in time, or supervisord is gone."""
    parent, deadline = os.getppid(), time.monotonic() + within_s
    while os.getppid() == parent and time.monotonic() < deadline:
        if answers(address):
            return True
        time.sleep(PAUSE_S)
    return False


def answers(address: str) -> bool:
    """Whether the answer is 200; no proxy of the environment is asked."""
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(Request(address), timeout=5) as answer:  # noqa: S310 - http only
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
        f"\nThe portal is at  {address}/\n{_with_https(configuration)}"
        f"  user            admin\n  password        {password}\n"
    )


def _with_https(configuration: Configuration) -> str:
    address = local_https_origin(configuration)
    return f"  and with TLS    {address}/\n" if address else ""
